/**
 * Tells whether a path is one that the gate answers itself: that of a route, one below the fixed part of a route with
 * parameters, or one in a namespace. Synchronous, and as fast as a set and a few prefixes are.
 */
export function ownedPaths(
  patterns: readonly string[],
  namespaces: readonly string[],
): (path: string) => boolean {
  const single = new Set(patterns.filter((pattern) => !pattern.includes('{')))
  const below = [...namespaces, ...patterns.filter((pattern) => pattern.includes('{')).map(fixedPart)]
  const prefixes = [...new Set(below)].filter((prefix, _, all) => !isBelowAnother(prefix, all))
  return (path) => single.has(path) || prefixes.some((prefix) => path.startsWith(prefix))
}

/** What stands before the first parameter. */
function fixedPart(pattern: string): string {
  return pattern.slice(0, pattern.indexOf('{'))
}

function isBelowAnother(prefix: string, all: readonly string[]): boolean {
  return all.some((other) => other !== prefix && prefix.startsWith(other))
}
