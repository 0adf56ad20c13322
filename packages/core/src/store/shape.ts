import { PortcullisError } from '../errors/portcullis-error.js'
import type { StoredRecord } from './store.js'

type Holds = (value: unknown) => boolean

const LAST_INSTANT = 8.64e15

export const text: Holds = (value) => typeof value === 'string'
export const texts: Holds = (value) => Array.isArray(value) && value.every(text)
export const truth: Holds = (value) => typeof value === 'boolean'
/** How often, or the number of: a whole number from 0. */
export const count: Holds = (value) => Number.isSafeInteger(value) && (value as number) >= 0
/** Epoch milliseconds that a date can show. */
export const instant: Holds = (value) =>
  typeof value === 'number' && Number.isFinite(value) && Math.abs(value) <= LAST_INSTANT
export const optional =
  (holds: Holds): Holds =>
  (value) =>
    value === undefined || holds(value)

export type Shape<T> = { readonly [Member in keyof T]?: Holds }

/** Whether a value is an object whose listed members are what the shape says. */
export function hasShape<T>(shape: Shape<T>): (value: unknown) => value is T {
  const members = Object.entries(shape) as [string, Holds][]
  return (value): value is T =>
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    members.every(([member, holds]) => holds((value as Record<string, unknown>)[member]))
}

const UNREADABLE = Symbol('unreadable')

/**
 * How to read the records of a collection. What it answers throws `store_unavailable` for a record of another shape: a
 * decision never guesses what was meant.
 */
export function reader<T>(
  what: string,
  shape: Shape<T> | ((value: unknown) => value is T),
): (stored: StoredRecord) => T {
  const holds = typeof shape === 'function' ? shape : hasShape<T>(shape)
  return ({ value }) => {
    if (holds(value)) return value
    throw new PortcullisError('store_unavailable', `A record cannot be read: ${what}`, { cause: UNREADABLE })
  }
}

/** Whether this was thrown because a record has another shape than those of its collection. */
export function isUnreadable(error: unknown): boolean {
  return error instanceof PortcullisError && error.cause === UNREADABLE
}
