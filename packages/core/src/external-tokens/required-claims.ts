import { isObject } from '../input/kinds.js'
import { claimAt, parseClaimPath } from '../jws/claim-path.js'
import type { RequiredClaim, RequiredClaims } from './options.js'

/** Adds what is wrong with each to `problems`; claims and values may be quoted there, since they are no secrets. */
export function resolveRequiredClaims(
  given: RequiredClaims | undefined,
  problems: string[],
): readonly RequiredClaim[] {
  if (given === undefined) return []
  if (!isObject(given) || Object.keys(given).length === 0) {
    problems.push('requiredClaims: name at least one claim')
    return []
  }
  return Object.entries(given).flatMap(([name, expected]) => {
    // The claim of a namespace, whose dots separate nothing.
    const path = parseClaimPath(name.includes('://') ? [name] : name)
    const values: readonly unknown[] = Array.isArray(expected) ? expected : [expected]
    if (path && values.length > 0 && values.every(isExpectation))
      return [{ name, path, accepts: (value: string) => values.some((one) => meets(value, one)) }]
    problems.push(
      `requiredClaims[${JSON.stringify(name)}]: give a text or several, each not empty, with * only behind the start that values must have`,
    )
    return []
  })
}

/** The name of the first that a payload lacks; undefined when it has all of them. */
export function missingClaim(
  payload: Readonly<Record<string, unknown>>,
  required: readonly RequiredClaim[],
): string | undefined {
  const lacking = required.find(({ path, accepts }) => {
    const claimed = claimAt(payload, path)
    const values: readonly unknown[] = Array.isArray(claimed) ? claimed : [claimed]
    return !values.some((value) => typeof value === 'string' && accepts(value))
  })
  return lacking?.name
}

/** `*` alone would require nothing, and one in the middle reads as if it meant something. */
function isExpectation(value: unknown): value is string {
  return typeof value === 'string' && /^[^*]+\*?$/.test(value)
}

function meets(value: string, expected: string): boolean {
  return expected.endsWith('*') ? value.startsWith(expected.slice(0, -1)) : value === expected
}
