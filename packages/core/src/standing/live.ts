import type { GateEvent } from '../context/event.js'
import type { Millis, RecordKey, Store, Write } from '../store/store.js'

type Kind = 'sessions' | 'tokens'

/**
 * One entry for each session or token that lives, by the generation that it lives under, with its deadline: so that
 * those that live are counted in one step, whatever else is kept of the account.
 */
export function liveKey(kind: Kind, generation: number, id: string): RecordKey {
  return { collection: `live-${kind}-${generation}`, id }
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
  return { put: liveKey(kind, generation, id), value: true, sort: createdAt, expiresAt }
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
  return store.count(partition, liveKey(kind, generation, '').collection)
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
