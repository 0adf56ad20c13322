import { Cluster } from 'ioredis'
import type { Epochs } from './epochs.js'
import type { Role } from './role.js'
import type { RedisClient } from './scripts.js'

export interface Comparing {
  /** Compares what Redis holds with what is known, unless that is under way. */
  compare(): void
  stop(): void
}

/** Compares on every beat of a watch, and all as soon as Redis is connected to, at first and again. */
export function compareWithMemory(options: {
  readonly client: RedisClient
  readonly epochs: Epochs
  readonly role: Role
}): Comparing {
  const { client, epochs, role } = options
  let isComparing = false
  let isAllDue = false
  const run = async () => {
    if (isComparing) return
    isComparing = true
    await role.ask()
    do {
      const isAll = isAllDue
      isAllDue = false
      await (isAll ? epochs.compareAll() : epochs.compare())
    } while (isAllDue)
    isComparing = false
  }
  const compareAll = () => {
    isAllDue = true
    void run()
  }
  const connected = client instanceof Cluster ? '+node' : 'ready'
  client.on(connected, compareAll)
  return {
    compare: () => void run(),
    stop: () => void client.off(connected, compareAll),
  }
}
