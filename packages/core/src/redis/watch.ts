import type { Redis } from 'ioredis'
import type { Watch } from '../store/store.js'
import { heartbeats } from './heartbeats.js'
import { readNotice } from './notice.js'

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
  /** A slot has another epoch since records were lost. */
  replaced(slot: number, id: string): void
  /** Somebody has accepted a loss. */
  accepted(): void
}

/**
 * Watches for change notices. Vouches while the heartbeats of every master come back in time; when the connection is
 * lost, or three in a row stay away or come late, `lost` is called and it begins anew by itself.
 */
export async function watchChanges(options: WatchOptions, listener: NoticeListener): Promise<Watch> {
  const pulse = heartbeats(options.heartbeatMs)
  let subscriber: Redis | undefined
  let vouching = false

  const names = () => options.publishers().map(({ name }) => name)
  const lose = () => {
    if (!vouching) return
    vouching = false
    listener.lost()
  }
  const hear = (message: string) => {
    // Where one heartbeat got lost on its way, a notice may have been lost too.
    if (!pulse.hear(message)) lose()
    if (vouching || !pulse.isFresh(names())) return
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
    if (subscriber && pulse.isSilent) end()
    if (!subscriber) begin()
    if (!pulse.isFresh(names())) lose()
    if (subscriber?.status === 'ready') sendPulse()
  }

  const forgetPublishers = options.onPublisherLost(lose)
  begin()
  const timer = setInterval(beat, options.heartbeatMs)
  timer.unref()
  return {
    get vouching() {
      return vouching
    },
    async close() {
      clearInterval(timer)
      forgetPublishers()
      end()
    },
  }
}
