import { PortcullisError } from '../errors/portcullis-error.js'

type Holds = (value: unknown) => boolean

const LAST_INSTANT = 8.64e15

export const text = (value: unknown): value is string => typeof value === 'string'
export const texts = (value: unknown): value is readonly string[] => Array.isArray(value) && value.every(text)
export const truth = (value: unknown): value is boolean => typeof value === 'boolean'
/** Of a record that says something by being there. */
export const present = (value: unknown): value is true => value === true
/** How often, or the number of: a whole number from 0. */
export const count = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0
/** Epoch milliseconds that a date can show. */
export const instant = (value: unknown): value is number =>
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

/** What is thrown of a record that has another shape than those of its collection. */
export function unreadable(what: string): PortcullisError {
  return new PortcullisError('store_unavailable', `A record cannot be read: ${what}`, { cause: UNREADABLE })
}

/** Whether this was thrown because a record has another shape than those of its collection. */
export function isUnreadable(error: unknown): boolean {
  return error instanceof PortcullisError && error.cause === UNREADABLE
}
