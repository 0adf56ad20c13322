/// <reference path="./cluster-key-slot.d.ts" />

import calculateSlot from 'cluster-key-slot'
import { Cluster } from 'ioredis'
import { collectionKeys } from './keys.js'
import type { RedisClient } from './scripts.js'

const SLOTS = 16_384

/**
 * The parts of the data that can be lost on their own: each slot of a Cluster, since any of them may move to another
 * master; everything at once elsewhere.
 */
export interface Slots {
  slotOf(partition: string): number
  /** A key that lies in the slot. */
  epochKey(slot: number): string
  /** The slot of an epoch's key. */
  slotOfKey(key: string): number
  /** `HOST:PORT` of the master that serves a slot now; the same for all without a Cluster. */
  masterOf(slot: number): string
}

export function slotsOf(client: RedisClient, prefix: string): Slots {
  const keyTagged = (tag: string) => collectionKeys(prefix, tag, 'epoch').records
  if (!(client instanceof Cluster))
    return { slotOf: () => 0, epochKey: () => keyTagged('gate'), slotOfKey: () => 0, masterOf: () => '' }
  // Before the first command, whose deadline it would eat into.
  const tags = findTags()
  return {
    slotOf: (partition) => calculateSlot(collectionKeys(prefix, partition, '').records),
    epochKey: (slot) => keyTagged(tags[slot] ?? ''),
    slotOfKey: (key) => calculateSlot(key),
    masterOf: (slot) => client.slots[slot]?.[0] ?? '',
  }
}

/** A hash tag for every slot, the same in every process. */
function findTags(): readonly string[] {
  const tags: string[] = []
  for (let number = 0, found = 0; found < SLOTS; number++) {
    const tag = `slot-${number}`
    const slot = calculateSlot(tag)
    if (tags[slot] !== undefined) continue
    tags[slot] = tag
    found += 1
  }
  return tags
}
