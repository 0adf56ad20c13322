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
 * again keeps its place. Every method takes constant time on average, and looking up what that of a `Map` takes.
 */
export function boundedMap<Key, Value>(capacity: number): BoundedMap<Key, Value> {
  return new MapWithin<Key, Value>(capacity)
}

class MapWithin<Key, Value> extends Map<Key, Value> {
  readonly #capacity: number
  /** Waits at the oldest entry, where a new iterator would step over all that were deleted before it. */
  #keys = this.keys()
  #first: IteratorResult<Key, unknown> | undefined

  constructor(capacity: number) {
    super()
    this.#capacity = capacity
  }

  override set(key: Key, value: Value): this {
    if (this.size >= this.#capacity && !this.has(key)) this.delete(this.oldest() as Key)
    return super.set(key, value)
  }

  override delete(key: Key): boolean {
    if (this.#first?.done === false && this.#first.value === key) this.#first = undefined
    return super.delete(key)
  }

  override clear(): void {
    super.clear()
    this.#first = undefined
  }

  oldest(): Key | undefined {
    this.#first ??= this.#keys.next()
    if (this.#first.done) {
      this.#keys = this.keys()
      this.#first = this.#keys.next()
    }
    if (!this.#first.done) return this.#first.value
    this.#first = undefined
    this.#keys = this.keys()
    return undefined
  }
}
