import { randomBytes } from 'node:crypto'
import type { Clock, Millis } from '../store/store.js'
import type { Witness } from '../store/witness.js'
import { explain, isOtherHistory } from './failures.js'
import type { Mark, WitnessedMarks } from './marks.js'
import type { RunScript, ScriptName } from './scripts.js'
import type { Slots } from './slots.js'

export interface EpochsOptions {
  readonly run: RunScript
  readonly slots: Slots
  readonly channel: string
  readonly clock: Clock
  readonly witness: Witness<WitnessedMarks> | undefined
}

/** Runs a script on the slot of a partition, which answers only when it goes on from what is known of it. */
export type RunProven = (
  script: ScriptName,
  partition: string,
  keys: readonly string[],
  ...input: readonly (string | number)[]
) => Promise<readonly unknown[]>

/** A mark that was told of, and the random part of the one before. */
export interface ToldMark extends Mark {
  readonly before: string
}

/**
 * Notices that Redis holds less than it had: restarted without persistence, from an older snapshot, flushed, failed over
 * to a replica that lagged, or the side of a partition that lost.
 *
 * Each slot has an epoch: a random id, which vanishes with everything else, a count of the revocations that it has seen,
 * and a random part renewed with each, so that no other history comes to the same by accident. A revocation and its mark
 * are one write. Every command carries what this gate knows, and the script refuses to do anything in a slot that does
 * not go on from there; whoever answers, by whatever connection, has proven that it has at least that.
 *
 * A slot that was refused is examined: it is compared with all that this gate knows, has heard from others and finds in
 * its witness, and gets a new epoch and the time of the loss when it has less. Nothing that lacks anything is ever
 * adopted otherwise.
 */
export interface Epochs {
  readonly run: RunProven
  /** What is known of a slot. */
  known(slot: number): Mark
  /** A revocation somewhere. */
  marked(slot: number, mark: ToldMark): void
  /** Since when the records of a partition are known to be complete, after a loss that nobody accepted. */
  lossOf(partition: string): Millis | undefined
  readonly hasLoss: boolean
  /**
   * Compares slots with what is known of them, also when nobody asks for their records: of each master the one that was
   * marked last, which every loss of what came last concerns, and some others in turn. When one has lost anything, all
   * of its master follow. Never rejects.
   */
  compare(): Promise<void>
  /** Compares every slot, some at a time. Never rejects. */
  compareAll(): Promise<void>
  /** Trusts every slot as it is. */
  accept(): Promise<void>
}

interface Known extends Mark {
  id: string
  marks: number
  last: string
  lostAt: Millis | undefined
  /** What somebody else knew of the slot, and that is not known to lie on its way. */
  heard: Mark[]
  /** Counts up with each change anywhere, so that the slot that was marked last has the highest. */
  changed: number
  examining: Promise<void> | undefined
}

const ATTEMPTS = 4
const HEARD_AT_MOST = 16
const COMPARED_IN_TURN = 50
const COMPARED_AT_ONCE = 200

type StateOfEpoch = readonly [id: string, marks: string, last: string, lostAt: string]

export function watchEpochs({ run, slots, channel, clock, witness }: EpochsOptions): Epochs {
  const known = new Map<number, Known>()
  let hasLoss = false
  let changes = 0
  let comparedLast = -1

  const knownOf = (slot: number): Known => {
    const found = known.get(slot)
    if (found) return found
    const witnessed = Object.entries(witness?.found?.[slots.epochKey(slot)] ?? {})
    const blank: Known = {
      id: '',
      marks: 0,
      last: '',
      lostAt: undefined,
      heard: witnessed.map(([id, [marks, last]]) => ({ id, marks, last })),
      changed: 0,
      examining: undefined,
    }
    known.set(slot, blank)
    return blank
  }
  for (const key of Object.keys(witness?.found ?? {})) {
    const slot = slots.slotOfKey(key)
    if (slots.epochKey(slot) === key) knownOf(slot)
  }

  const remember = (slot: number, { id, marks, last }: Mark) =>
    witness?.remember({ [slots.epochKey(slot)]: { [id]: [marks, last, clock()] } })
  const advance = (slot: number, state: Known, { id, marks, last }: Mark) => {
    changes += 1
    Object.assign(state, { id, marks, last, changed: changes })
    remember(slot, state)
  }
  const setLoss = (state: Known, lostAt: Millis | undefined) => {
    if (state.lostAt === lostAt) return
    state.lostAt = lostAt
    hasLoss = [...known.values()].some((each) => each.lostAt !== undefined)
  }

  const examineNow = async (slot: number, state: Known) => {
    const claims = [...(state.id === '' ? [] : [state]), ...state.heard].map(({ id, marks, last }) => ({
      id,
      marks,
      last,
    }))
    const [epoch] = (await run(
      'examine',
      [slots.epochKey(slot)],
      randomBytes(12).toString('base64url'),
      clock(),
      channel,
      slot,
      ...claims.flatMap(({ id, marks, last }) => [id, marks, last]),
    )) as [StateOfEpoch]
    const found = markOf(epoch)
    state.heard = state.heard.filter((mark) => !claims.some((claim) => isSame(claim, mark)))
    const isReplaced = state.id !== '' && state.id !== found.id
    if (found.id !== state.id || found.marks > state.marks) advance(slot, state, found)
    setLoss(state, lossIn(epoch))
    if (isReplaced) void compareSlots((each) => slots.masterOf(each) === slots.masterOf(slot))
  }
  const examine = (slot: number, state: Known): Promise<void> => {
    state.examining ??= examineNow(slot, state).finally(() => {
      state.examining = undefined
    })
    return state.examining
  }

  const adopt = (slot: number, state: Known, epoch: StateOfEpoch) => {
    const found = markOf(epoch)
    if (found.id !== state.id) return
    if (found.marks > state.marks) advance(slot, state, found)
    // A loss comes with another epoch, so within one it can only have been accepted.
    if (lossIn(epoch) === undefined) setLoss(state, undefined)
  }
  const runOn = async (
    slot: number,
    script: ScriptName,
    keys: readonly string[],
    input: readonly (string | number)[],
  ): Promise<readonly unknown[]> => {
    const state = knownOf(slot)
    for (let attempt = 1; ; attempt++) {
      try {
        if (state.id === '' || state.heard.length > 0) await examine(slot, state)
        const { id, marks, last } = state
        try {
          const reply = await run(script, [slots.epochKey(slot), ...keys], id, marks, last, ...input)
          const [epoch, ...answer] = reply as [StateOfEpoch, ...unknown[]]
          adopt(slot, state, epoch)
          return answer
        } catch (cause) {
          if (!isOtherHistory(cause) || attempt === ATTEMPTS) throw cause
          if (isSame(state, { id, marks, last })) await examine(slot, state)
        }
      } catch (cause) {
        throw explain(cause)
      }
    }
  }

  const refresh = (slot: number) => runOn(slot, 'check', [], [])
  const onEach = async (concerned: readonly number[], act: (slot: number) => Promise<unknown>) => {
    for (let at = 0; at < concerned.length; at += COMPARED_AT_ONCE)
      await Promise.all(concerned.slice(at, at + COMPARED_AT_ONCE).map(act))
  }
  const compareSlot = (slot: number) => refresh(slot).catch(() => {})
  const compareSlots = (isConcerned: (slot: number) => boolean) =>
    onEach([...known.keys()].filter(isConcerned), compareSlot)
  const lastMarked = (): number[] => {
    const latest = new Map<string, { slot: number; changed: number }>()
    for (const [slot, { changed }] of known) {
      const master = slots.masterOf(slot)
      if (changed >= (latest.get(master)?.changed ?? 0)) latest.set(master, { slot, changed })
    }
    return [...latest.values()].map(({ slot }) => slot)
  }
  const nextInTurn = (): number[] => {
    const all = [...known.keys()]
    const start = comparedLast + 1 >= all.length ? 0 : comparedLast + 1
    const turn = all.slice(start, start + COMPARED_IN_TURN)
    comparedLast = start + turn.length - 1
    return turn
  }

  return {
    run: (script, partition, keys, ...input) => runOn(slots.slotOf(partition), script, keys, input),
    known: knownOf,
    marked(slot, mark) {
      const state = knownOf(slot)
      const { id, marks, last, before } = mark
      if (id === state.id && marks < state.marks) return
      if (isSame(mark, state)) return
      if (id === state.id && marks === state.marks + 1 && before === state.last) {
        advance(slot, state, mark)
        return
      }
      remember(slot, mark)
      state.heard = [...state.heard, { id, marks, last }].slice(-HEARD_AT_MOST)
      void examine(slot, state).catch(() => {})
    },
    lossOf: (partition) => (hasLoss ? known.get(slots.slotOf(partition))?.lostAt : undefined),
    get hasLoss() {
      return hasLoss
    },
    compare: async () => {
      await Promise.all([...new Set([...lastMarked(), ...nextInTurn()])].map(compareSlot))
    },
    compareAll: () => compareSlots(() => true),
    async accept() {
      await onEach([...known.keys()], refresh)
      const lost = [...known].flatMap(([slot, { lostAt }]) => (lostAt === undefined ? [] : [slot]))
      await onEach(lost, async (slot) => {
        await run('accept', [slots.epochKey(slot)], knownOf(slot).id, channel)
        await refresh(slot)
      })
    },
  }
}

function markOf([id, marks, last]: StateOfEpoch): Mark {
  return { id, marks: Number(marks), last }
}

function lossIn([, , , lostAt]: StateOfEpoch): Millis | undefined {
  return lostAt === '' ? undefined : Number(lostAt)
}

function isSame(one: Mark, other: Mark): boolean {
  return one.id === other.id && one.marks === other.marks && one.last === other.last
}
