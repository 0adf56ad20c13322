/**
 * Freezes a value to the bottom: arrays and plain objects, whoever else holds them. What has a class of its own (a `Date`,
 * a `Map`) is left as it is, since freezing would not keep it from changing.
 */
export function freezeDeeply<T>(value: T, seen: Set<unknown> = new Set()): T {
  if (!isPlain(value) || seen.has(value)) return value
  seen.add(value)
  for (const member of Object.values(value)) freezeDeeply(member, seen)
  return Object.freeze(value)
}

function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return Array.isArray(value) || prototype === Object.prototype || prototype === null
}
