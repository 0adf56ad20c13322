import type { Redis } from 'ioredis'
import type { Watch } from '../store/store.js'
import { heartbeats } from './heartbeats.js'
import { type NoticeListener, readNotice } from './notice.js'

/** A server that notices come from. */
export interface Publisher {
  readonly name: string
  publish(channel: string, message: string): Promise<unknown>
}

export interface WatchOptions {
  /**
   * Begins a connection of its own, since one that subscribes can do nothing else, and one that does not come back by
   * itself. Undefined while there is nobody to connect to.
   */
  readonly connect: () => Redis | undefined
  /** Every master: whichever commits a change publishes it. */
  readonly publishers: () => readonly Publisher[]
  /** Calls back when the connection to a publisher is lost, so that it may have published what nobody heard. */
  readonly onPublisherLost: (lost: () => void) => () => void
  readonly onBeat: () => void
  readonly changes: string
  /** Heard by this watch alone: what it sends itself proves that the way through Redis works. */
  readonly heartbeats: string
  readonly heartbeatMs: number
}

/**
 * Watches for change notices. Vouches for as long as the last heartbeat of every master that came back was sent at most
 * three beats ago, whatever has or has not been noticed meanwhile: what is committed while a watch hangs is felt three
 * beats later at the latest. When the connection is lost, or heartbeats stay away or come late, `lost` is called and it
 * begins anew by itself.
 */
export async function watchChanges(options: WatchOptions, listener: NoticeListener): Promise<Watch> {
  const pulse = heartbeats(options.heartbeatMs)
  let subscriber: Redis | undefined
  let vouching = false
  let freshUntil = 0

  const names = () => options.publishers().map(({ name }) => name)
  const lose = () => {
    if (!vouching) return
    vouching = false
    listener.lost()
  }
  const isFresh = () => performance.now() <= freshUntil
  const hear = (message: string) => {
    // Where one heartbeat got lost on its way, a notice may have been lost too.
    if (!pulse.hear(message)) lose()
    freshUntil = pulse.freshUntil(names())
    if (vouching || !isFresh()) return
    // What was kept before may be stale: notices were missed while nobody listened.
    listener.lost()
    vouching = true
  }
  const sendPulse = () => {
    for (const { name, publish } of options.publishers())
      publish(options.heartbeats, pulse.next(name)).catch(() => {})
  }
  const end = () => {
    lose()
    subscriber?.disconnect()
    subscriber = undefined
  }
  const begin = () => {
    const connection = options.connect()
    subscriber = connection
    pulse.restart()
    connection?.on('message', (channel: string, message: string) => {
      if (connection !== subscriber) return
      if (channel === options.heartbeats) hear(message)
      else readNotice(message, listener)
    })
    connection?.on('error', () => {})
    connection?.on('close', () => {
      if (connection === subscriber) end()
    })
    connection?.once('ready', () => {
      connection.subscribe(options.changes, options.heartbeats).then(sendPulse, end)
    })
  }
  const beat = () => {
    options.onBeat()
    if (subscriber && pulse.isSilent) end()
    if (!subscriber) begin()
    freshUntil = pulse.freshUntil(names())
    if (!isFresh()) lose()
    if (subscriber?.status === 'ready') sendPulse()
  }

  const forgetPublishers = options.onPublisherLost(lose)
  begin()
  const timer = setInterval(beat, options.heartbeatMs)
  timer.unref()
  return {
    get vouching() {
      // Not only at the next beat, nor only when a timer comes to run.
      if (vouching && !isFresh()) lose()
      return vouching
    },
    async close() {
      clearInterval(timer)
      forgetPublishers()
      end()
    },
  }
}
