import { randomBytes } from 'node:crypto'
import type { JsonValue, Millis } from '../store/store.js'
import type { Witness } from '../store/witness.js'
import type { Environment } from './environment.js'

/**
 * How far the store had come. `marks` counts the bans and revocations of an era, `last` is the random mark of the newest:
 * two copies that went on apart have different ones. A new era begins whenever something was lost.
 */
export type Position = {
  readonly era: number
  readonly marks: number
  readonly last: string
}

/** Marks are remembered for so many bans and revocations, to tell a copy that went on apart from the store itself. */
const REMEMBERED = 1000
const POSITION = ['position']
const LOSS = ['loss']
const markAt = (era: number, marks: number) => ['mark', era, marks]

export function parsePosition(value: JsonValue): Position | undefined {
  const { era, marks, last } = (value ?? {}) as Partial<Position>
  return Number.isSafeInteger(era) && Number.isSafeInteger(marks) && typeof last === 'string'
    ? { era: Number(era), marks: Number(marks), last }
    : undefined
}

export function laterPosition(one: Position, other: Position): Position {
  const order = one.era - other.era || one.marks - other.marks || (one.last < other.last ? -1 : 1)
  return order > 0 ? one : other
}

/**
 * Compares what lies in the store with what the witness remembers, and notes the loss in the store when that is less:
 * for every process, until it is accepted. Answers where the store is.
 */
export function compareWithWitness(
  { root, meta }: Environment,
  witness: Witness<Position> | undefined,
  now: Millis,
): Position {
  const found = witness?.found
  const intact = () => {
    const stored = parsePosition(meta.get(POSITION) ?? null)
    return stored && (found === undefined || !lacks({ meta }, stored, found)) ? stored : undefined
  }
  const asItIs = intact()
  if (asItIs) return asItIs
  return root.transactionSync(() => {
    const meanwhile = intact()
    if (meanwhile) return meanwhile
    const stored = parsePosition(meta.get(POSITION) ?? null)
    if (found) meta.putSync(LOSS, now)
    const era = Math.max(found?.era ?? 0, stored?.era ?? 0) + 1
    return putPosition({ meta }, { era, marks: 0, last: newMark() })
  })
}

/** Counts a ban or a revocation. Inside the transaction that commits it. */
export function advance(environment: Environment): Position {
  const { era, marks } = parsePosition(environment.meta.get(POSITION) ?? null) ?? { era: 1, marks: 0 }
  environment.meta.removeSync(markAt(era, marks + 1 - REMEMBERED))
  return putPosition(environment, { era, marks: marks + 1, last: newMark() })
}

/** When the store was opened with less than it had acknowledged, and nobody has accepted that. */
export function lossIn({ meta }: Environment): Millis | undefined {
  const lostAt = meta.get(LOSS)
  return typeof lostAt === 'number' ? lostAt : undefined
}

/** Inside a transaction. */
export function acceptLossIn({ meta }: Environment): void {
  meta.removeSync(LOSS)
}

type Meta = Pick<Environment, 'meta'>

function putPosition({ meta }: Meta, position: Position): Position {
  meta.putSync(POSITION, position)
  meta.putSync(markAt(position.era, position.marks), position.last)
  return position
}

function lacks({ meta }: Meta, stored: Position, found: Position): boolean {
  if (found.era !== stored.era) return found.era > stored.era
  if (found.marks > stored.marks) return true
  const mark = meta.get(markAt(found.era, found.marks))
  return mark !== undefined && mark !== found.last
}

function newMark(): string {
  return randomBytes(9).toString('base64url')
}
