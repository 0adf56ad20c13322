import type { GateEvent } from '../context/event.js'
import { type Collection, collection, present } from '../store/collection.js'
import type { Millis, Store, Write } from '../store/store.js'

type Kind = 'sessions' | 'tokens'

/**
 * One entry for each session or token that lives, by the generation that it lives under, with its deadline: so that
 * those that live are counted in one step, whatever else is kept of the account.
 */
export function liveRecords(kind: Kind, generation: number): Collection<true> {
  return collection<true>(`live-${kind}-${generation}`, present)
}

export function enterLive(
  kind: Kind,
  {
    generation,
    id,
    createdAt,
    expiresAt,
  }: { generation: number; id: string } & Record<'createdAt' | 'expiresAt', Millis>,
): Write {
  return liveRecords(kind, generation).put(id, true, { sort: createdAt, expiresAt })
}

interface Counting {
  readonly store: Store
  readonly report: (event: GateEvent) => void
}

export function countLive(
  { store }: Pick<Counting, 'store'>,
  partition: string,
  kind: Kind,
  generation: number,
): Promise<number> {
  return store.count(partition, liveRecords(kind, generation).name)
}

/**
 * How many a commit has ended by beginning `generation`; nothing is added to those before it any more. Undefined when the
 * store does not tell: they have ended all the same. Ask before their records are pruned.
 */
export async function countEnded(
  context: Counting,
  partition: string,
  kind: Kind,
  generation: number,
): Promise<number | undefined> {
  try {
    return await countLive(context, partition, kind, generation - 1)
  } catch (cause) {
    const detail = `How many ${kind} of an account were ended is not known; they are ended`
    context.report({ level: 'warn', code: 'ended_uncounted', detail, cause })
    return undefined
  }
}
