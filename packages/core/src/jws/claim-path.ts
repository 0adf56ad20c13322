/** `realm.role`, or `['https://example.com/role']` for names that have dots. */
export type ClaimPath = string | readonly string[]

const MAX_SEGMENTS = 16

/** The segments of a path, or undefined when it is none. */
export function parseClaimPath(path: ClaimPath): readonly string[] | undefined {
  const segments: unknown = typeof path === 'string' ? path.split('.') : path
  if (!Array.isArray(segments) || segments.length === 0 || segments.length > MAX_SEGMENTS) return undefined
  return segments.every((segment) => typeof segment === 'string' && segment !== '')
    ? [...segments]
    : undefined
}

/** What lies at a path; undefined when nothing does. */
export function claimAt(payload: Readonly<Record<string, unknown>>, path: readonly string[]): unknown {
  let value: unknown = payload
  for (const segment of path) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
    if (!Object.hasOwn(value, segment)) return undefined
    value = (value as Record<string, unknown>)[segment]
  }
  return value
}
