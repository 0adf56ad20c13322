import { randomBytes } from 'node:crypto'
import { Cluster, type Redis } from 'ioredis'
import { PortcullisError } from '../errors.js'
import type { Clock, Millis } from '../store/store.js'
import { type RedisClient, scriptsOn } from './scripts.js'
import type { Slots } from './slots.js'

export interface EpochsOptions {
  readonly client: RedisClient
  readonly slots: Slots
  readonly channel: string
  readonly clock: Clock
}

/** What is known of one slot. `id` and `marks` are what it must still have whenever a connection was lost. */
interface Known {
  id: string
  marks: number
  lostAt: Millis | undefined
  isTrusted: boolean
  /** Counts the times that trust was lost. */
  distrusted: number
  examining: Promise<void> | undefined
}

/**
 * Notices that Redis came back with less than it had: restarted without persistence, from an old snapshot, or failed
 * over to a replica that lagged behind. Each slot has an epoch with an id, which vanishes with everything else, and a
 * count of the revocations that it has seen. Whenever a connection is lost, nothing of its slots is believed until the
 * epoch has been compared with what is remembered.
 */
export interface Epochs {
  /** Runs `act` on a slot that holds what it held; what was answered across a lost connection is rejected. */
  guard<T>(partition: string, act: () => Promise<T>): Promise<T>
  /** Remembers how many revocations an epoch has seen, whichever process made them. */
  remember(slot: number, id: string, marks: number): void
  /** Since when the records of a partition are known to be complete, after a loss that nobody accepted. */
  lossOf(partition: string): Millis | undefined
  readonly hasLoss: boolean
  /**
   * Compares a slot anew before the next answer, since it has another epoch by now; what is under way is not believed
   * either. Answers whether that is news.
   */
  replaced(slot: number, id: string): boolean
  /** Reads all anew before the next answer: somebody has accepted a loss. */
  reread(): void
  /** Trusts every slot as it is. */
  accept(): Promise<void>
  stop(): void
}

export function watchEpochs({ client, slots, channel, clock }: EpochsOptions): Epochs {
  const run = scriptsOn(client)
  let hasLoss = false
  const known = new Map<number, Known>()

  const knownOf = (slot: number): Known => {
    const found = known.get(slot)
    if (found) return found
    const blank = {
      id: '',
      marks: 0,
      lostAt: undefined,
      isTrusted: false,
      distrusted: 0,
      examining: undefined,
    }
    known.set(slot, blank)
    return blank
  }

  const distrust = (isConcerned: (slot: number) => boolean = () => true) => {
    for (const [slot, state] of known) {
      if (!isConcerned(slot)) continue
      state.isTrusted = false
      state.distrusted += 1
    }
  }
  const distrustAll = () => distrust()
  const distrustNode = ({ options: { host, port } }: Redis) =>
    distrust((slot) => slots.masterOf(slot) === `${host}:${port}`)
  if (client instanceof Cluster) client.on('-node', distrustNode)
  else client.on('close', distrustAll)

  const examine = async (slot: number, state: Known) => {
    const before = state.distrusted
    const [id = '', marks = '0', lostAt = ''] = (await run(
      'examine',
      [slots.epochKey(slot)],
      state.id,
      state.marks,
      randomBytes(12).toString('base64url'),
      clock(),
      channel,
      slot,
    )) as string[]
    state.marks = id === state.id ? Math.max(state.marks, Number(marks)) : Number(marks)
    state.id = id
    state.lostAt = lostAt === '' ? undefined : Number(lostAt)
    hasLoss = [...known.values()].some((each) => each.lostAt !== undefined)
    // When the connection was lost meanwhile, who knows which Redis has answered.
    state.isTrusted = state.distrusted === before
  }
  const trust = (slot: number, state: Known): Promise<void> => {
    state.examining ??= examine(slot, state).finally(() => {
      state.examining = undefined
    })
    return state.examining
  }

  return {
    async guard(partition, act) {
      const slot = slots.slotOf(partition)
      const state = knownOf(slot)
      if (!state.isTrusted) await trust(slot, state)
      const before = state.distrusted
      const answer = await act()
      if (state.distrusted === before) return answer
      throw new PortcullisError('store_unavailable', 'The connection to Redis was lost around an answer')
    },
    remember(slot, id, marks) {
      const state = known.get(slot)
      if (state?.id === id) state.marks = Math.max(state.marks, marks)
    },
    lossOf: (partition) => (hasLoss ? known.get(slots.slotOf(partition))?.lostAt : undefined),
    get hasLoss() {
      return hasLoss
    },
    replaced(slot, id) {
      const state = known.get(slot)
      if (!state || state.id === id) return false
      distrust((each) => each === slot)
      return true
    },
    reread() {
      for (const state of known.values()) state.isTrusted = false
    },
    async accept() {
      for (const [slot, state] of known) {
        await trust(slot, state)
        if (state.lostAt === undefined) continue
        await run('accept', [slots.epochKey(slot)], channel)
        await trust(slot, state)
      }
    },
    stop() {
      client.off('-node', distrustNode)
      client.off('close', distrustAll)
    },
  }
}
