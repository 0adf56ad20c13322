import type { Watch } from '../store/store.js'
import { readNotice } from './notice.js'
import type { RedisClient } from './scripts.js'

export interface WatchOptions {
  /** A connection of its own, since one that subscribes can do nothing else. */
  readonly connect: () => RedisClient
  readonly publish: (channel: string, message: string) => Promise<unknown>
  readonly changes: string
  /** Heard by this watch alone: what it sends itself proves that the way through Redis works. */
  readonly heartbeats: string
  readonly heartbeatMs: number
}

export interface NoticeListener {
  changed(partition: string): void
  lost(): void
  /** An epoch has seen another revocation. */
  marked(slot: number, id: string, marks: number): void
  /** An epoch is no longer what it was. */
  examine(): void
}

/** Without a heartbeat for this many intervals the watch no longer vouches. */
const MISSED_HEARTBEATS = 3

/**
 * Watches for change notices. Vouches from the first heartbeat that comes back, until the connection is lost or three
 * in a row stay away; then `lost` is called at once, and it resumes by itself.
 */
export async function watchChanges(options: WatchOptions, listener: NoticeListener): Promise<Watch> {
  const { changes, heartbeats, heartbeatMs } = options
  const subscriber = options.connect()
  let vouching = false
  let heardAt = 0

  const lose = () => {
    if (!vouching) return
    vouching = false
    listener.lost()
  }
  const hear = () => {
    heardAt = performance.now()
    if (vouching) return
    // What was kept before may be stale: notices were missed while nobody listened.
    listener.lost()
    vouching = true
  }
  subscriber.on('message', (channel: string, message: string) => {
    if (channel === heartbeats) hear()
    else readNotice(message, listener)
  })
  subscriber.on('close', lose)
  subscriber.on('error', lose)

  const beat = () => {
    if (performance.now() - heardAt > heartbeatMs * MISSED_HEARTBEATS) lose()
    if (subscriber.status === 'ready') options.publish(heartbeats, '').catch(lose)
  }
  const timer = setInterval(beat, heartbeatMs)
  timer.unref()
  subscriber.on('ready', () => {
    subscriber.subscribe(changes, heartbeats).then(beat, lose)
  })

  return {
    get vouching() {
      return vouching
    },
    async close() {
      clearInterval(timer)
      lose()
      subscriber.disconnect()
    },
  }
}
