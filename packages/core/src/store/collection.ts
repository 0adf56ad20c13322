import { PortcullisError } from '../errors/portcullis-error.js'
import type { Add, Delete, JsonValue, Millis, Put, RecordKey, StoredRecord } from './store.js'

/**
 * `T` where JSON keeps every member of it: a member that would not come back as it was, such as a function, a date or a
 * map, has a type that nothing fits. `undefined` is an absent member.
 */
export type Storable<T> = { readonly [Member in keyof T]: StorableMember<T[Member]> }

/** A member of what is stored. */
export type StorableMember<M> = M extends string | number | boolean | null | undefined
  ? M
  : M extends bigint | symbol | ((...input: never[]) => unknown)
    ? never
    : Storable<M>

/** The same value as what a store or a sealer takes. */
export function asJson<T extends Storable<T>>(value: T): JsonValue {
  const json: unknown = value
  return json as JsonValue
}

/** Where a record stands in its collection, and how long it lives. */
export interface Placing {
  /** Any finite number; orders the record in `page` and `count`. Default 0. */
  readonly sort?: number
  /** Default: it lives until it is deleted. */
  readonly expiresAt?: Millis | undefined
}

/** Records of one name and shape, in whatever partition. */
export interface Collection<T> {
  readonly name: string
  key(id: string): RecordKey
  /** Whether a value is of the shape. */
  accepts(value: unknown): value is T
  /** Throws `store_unavailable` for a record of another shape: a decision never guesses what was meant. */
  read(stored: StoredRecord): T
  put(id: string, value: T, placing?: Placing): Put
  delete(id: string): Delete
}

/**
 * The collection of this name. `shape` says what its records must be to be read: the members by their kinds, or a guard
 * for the whole value. `what` names one of its records in errors. Default: the name.
 */
export function collection<T extends Storable<T>>(
  name: string,
  shape: Shape<T> | ((value: unknown) => value is T),
  what = name,
): Collection<T> {
  const key = (id: string) => ({ collection: name, id })
  const accepts = typeof shape === 'function' ? shape : hasShape<T>(shape)
  return {
    name,
    key,
    accepts,
    read({ value }) {
      if (accepts(value)) return value
      throw unreadable(what)
    },
    put: (id, value, { sort, expiresAt } = {}) => ({
      put: key(id),
      value: asJson(value),
      ...(sort === undefined ? {} : { sort }),
      ...(expiresAt === undefined ? {} : { expiresAt }),
    }),
    delete: (id) => ({ delete: key(id) }),
  }
}

/** Counters of one name, in whatever partition. */
export interface Counters extends Collection<number> {
  /** Adds to a counter, which begins at 0; see `Add`. */
  add(id: string, amount: number, limits?: Pick<Add, 'atMost'> & Pick<Placing, 'expiresAt'>): Add
}

export function counters(name: string): Counters {
  return {
    ...collection<number>(name, isCount, `counter of ${name}`),
    add: (id, amount, { atMost, expiresAt } = {}) => ({
      add: { collection: name, id },
      amount,
      ...(atMost === undefined ? {} : { atMost }),
      ...(expiresAt === undefined ? {} : { expiresAt }),
    }),
  }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value)
}

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
  const members = Object.keys(shape)
  const holds = Object.values(shape) as Holds[]
  return (value): value is T => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
    // Asked of every record that a decision reads: no closure, nothing taken apart.
    for (let at = 0; at < members.length; at += 1)
      if (!holds[at]?.((value as Record<string, unknown>)[members[at] as string])) return false
    return true
  }
}

const UNREADABLE = Symbol('unreadable')

/** What is thrown of a record that has another shape than those of its collection. */
function unreadable(what: string): PortcullisError {
  return new PortcullisError('store_unavailable', `A record cannot be read: ${what}`, { cause: UNREADABLE })
}

/** Whether this was thrown because a record has another shape than those of its collection. */
export function isUnreadable(error: unknown): boolean {
  return error instanceof PortcullisError && error.cause === UNREADABLE
}

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
