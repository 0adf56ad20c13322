import { isObject, type Kind, type Shape } from './kinds.js'
import { nearest } from './nearest.js'

/** How what is checked is called: `name` of the whole, when it has one, and the members that must be there. */
interface Expectation<T> {
  readonly name?: string
  readonly required?: readonly (keyof T & string)[]
}

/**
 * Checks an object against the table of its members and adds every problem: members that are unknown (with the known one
 * that looks like it), of the wrong kind, or missing. Returns the members that are right, so that the rest can still be
 * examined. A member that is undefined counts as not given.
 */
export function checkMembers<T extends object>(
  given: T,
  shape: Shape<T>,
  problems: string[],
  { name, required = [] }: Expectation<T> = {},
): T {
  if (!isObject(given)) {
    problems.push(name === undefined ? 'give an object' : `${name}: give an object`)
    return {} as T
  }
  const kinds = shape as Readonly<Record<string, Kind>>
  const sound: Record<string, unknown> = {}
  for (const [member, value] of Object.entries(given as Record<string, unknown>)) {
    const found: string[] = []
    const path = name === undefined ? member : `${name}.${member}`
    if (!Object.hasOwn(kinds, member)) found.push(unknownMember(path, member, Object.keys(kinds)))
    else if (value !== undefined) kinds[member]?.(path, value, found)
    if (found.length === 0) sound[member] = value
    problems.push(...found)
  }
  for (const member of required)
    if ((given as Record<string, unknown>)[member] === undefined)
      problems.push(`${name === undefined ? member : `${name}.${member}`}: required`)
  return sound as T
}

/** An object whose members are told by a table; for a member of another table. */
export function objectOf<T extends object>(
  shape: Shape<T>,
  required: readonly (keyof T & string)[] = [],
): Kind<T> {
  return (name, value, problems) => {
    checkMembers(value as T, shape, problems, { name, required })
  }
}

function unknownMember(path: string, member: string, known: readonly string[]): string {
  const meant = nearest(member, known)
  return meant === undefined ? `${path}: unknown` : `${path}: unknown; ${meant} is meant, perhaps`
}
