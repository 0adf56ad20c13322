/** What is asked of a map that may not grow without end. */
export interface BoundedMap<Key, Value> {
  readonly size: number
  get(key: Key): Value | undefined
  has(key: Key): boolean
  set(key: Key, value: Value): void
  delete(key: Key): boolean
  clear(): void
  /** The key that was set first and is still there. */
  oldest(): Key | undefined
}

/**
 * A map of at most `capacity` entries, 1 or more: a new key takes the place of the one that was set first. Setting a key
 * again keeps its place. Every method takes constant time on average: an iterator waits at the oldest entry, where a new
 * one would step over all that were deleted before it.
 */
export function boundedMap<Key, Value>(capacity: number): BoundedMap<Key, Value> {
  const entries = new Map<Key, Value>()
  let keys = entries.keys()
  let first: IteratorResult<Key, unknown> | undefined

  const oldest = (): Key | undefined => {
    first ??= keys.next()
    if (first.done) {
      keys = entries.keys()
      first = keys.next()
    }
    if (!first.done) return first.value
    first = undefined
    keys = entries.keys()
    return undefined
  }
  const remove = (key: Key): boolean => {
    if (first?.done === false && first.value === key) first = undefined
    return entries.delete(key)
  }

  return {
    get size() {
      return entries.size
    },
    get: (key) => entries.get(key),
    has: (key) => entries.has(key),
    set(key, value) {
      if (entries.size >= capacity && !entries.has(key)) remove(oldest() as Key)
      entries.set(key, value)
    },
    delete: remove,
    clear() {
      entries.clear()
      first = undefined
    },
    oldest,
  }
}
