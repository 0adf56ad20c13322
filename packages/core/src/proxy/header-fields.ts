import { validateHeaderName, validateHeaderValue } from 'node:http'
import type { HeaderEdits } from '../admission/admission.js'
import { boundedMap } from '../encoding/bounded-map.js'
import { stripOws } from '../request/field-value.js'
import { headerValues } from '../request/head.js'

/** Header fields by lower-case name; several values are several fields. */
export type HeaderFields = Record<string, string | string[]>

/** Header fields as they are sent: names and values in turn. */
export type HeaderList = string[]

/** RFC 9110 §7.6.1, with the obsolete ones, and what belongs to the connection between two parties alone. */
export const HOP_BY_HOP = [
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authentication-info',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
]

/** Set by the gate itself for the connection to the upstream; `expect` was answered by the server (RFC 9110 §10.1.1). */
export const FRAMING = ['host', 'content-length', 'expect']

/** Decides by normalised name. */
export type HeaderFilter = (normalisedName: string) => boolean

/** Matches the given names in every spelling; a trailing `*` stands for any ending. */
export function headerFilter(patterns: Iterable<string>): HeaderFilter {
  const names = new Set<string>()
  const prefixes: string[] = []
  for (const pattern of patterns) {
    if (pattern.endsWith('*')) prefixes.push(normaliseName(pattern.slice(0, -1)))
    else names.add(normaliseName(pattern))
  }
  return (name) => names.has(name) || prefixes.some((prefix) => name.startsWith(prefix))
}

const PLAIN_NAME = /^[a-z0-9-]*$/

/**
 * One spelling for all names that some server reads as the same: CGI and its heirs turn `-`, `_` and often every other
 * punctuation character into one and the same (RFC 3875 §4.1.18).
 */
export function normaliseName(name: string): string {
  const lower = name.toLowerCase()
  return PLAIN_NAME.test(lower) ? lower : lower.replace(/[^a-z0-9]/g, '-')
}

const REMEMBERED_AT_MOST = 1_000

/** The same names come with every message. */
export function remembering(filter: HeaderFilter): HeaderFilter {
  const verdicts = boundedMap<string, boolean>(REMEMBERED_AT_MOST)
  return (name) => {
    const known = verdicts.get(name)
    if (known !== undefined) return known
    const verdict = filter(name)
    verdicts.set(name, verdict)
    return verdict
  }
}

/** What is left of the fields of a message, in their order, with lower-case names. */
export function passHeaders(rawHeaders: readonly string[], isRemoved: HeaderFilter): HeaderList {
  const headers: HeaderList = []
  const nominated = nominatedBy(rawHeaders)
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = (rawHeaders[at] as string).toLowerCase()
    const normalised = normaliseName(name)
    if (!isRemoved(normalised) && !nominated.has(normalised)) headers.push(name, rawHeaders[at + 1] as string)
  }
  return headers
}

/** Lower-case names; a name that came more than once keeps its values apart. */
export function collectHeaders(rawHeaders: readonly string[], skip: HeaderFilter): HeaderFields {
  const headers: HeaderFields = Object.create(null)
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = (rawHeaders[at] ?? '').toLowerCase()
    if (skip(normaliseName(name))) continue
    const value = rawHeaders[at + 1] ?? ''
    const earlier = headers[name]
    if (Array.isArray(earlier)) earlier.push(value)
    else headers[name] = earlier === undefined ? value : [earlier, value]
  }
  return headers
}

const NOBODY: ReadonlySet<string> = new Set()
const IS_PLAIN_OPTION = /^(?:keep-alive|close)$/i

function nominatedBy(rawHeaders: readonly string[]): ReadonlySet<string> {
  const values = headerValues(rawHeaders, 'connection')
  // What nearly every message says of its connection names no field.
  if (values.length === 0 || (values.length === 1 && IS_PLAIN_OPTION.test(values[0] ?? ''))) return NOBODY
  return new Set(values.flatMap((value) => value.split(',')).map((name) => normaliseName(stripOws(name))))
}

export function isHeader(name: string, value: string): boolean {
  try {
    validateHeaderName(name)
    validateHeaderValue(name, value)
    return true
  } catch {
    return false
  }
}

const isOfTheConnection = headerFilter([...HOP_BY_HOP, ...FRAMING])

/** Throws for a header that no edit may touch, or that cannot be sent. */
export function editHeaders(headers: HeaderList, edits: HeaderEdits): void {
  for (const [given, value] of Object.entries(edits)) {
    const normalised = normaliseName(given)
    if (isOfTheConnection(normalised) || !isHeader(given, value ?? ''))
      throw new TypeError(`An admission edits the header ${JSON.stringify(given)}, which cannot be`)
    removeHeaders(headers, (name) => normaliseName(name) === normalised)
    if (value !== null) headers.push(given.toLowerCase(), value)
  }
}

/** Takes out every field whose name is one of those. */
export function removeHeaders(headers: HeaderList, isMeant: (name: string) => boolean): void {
  for (let at = headers.length - 2; at >= 0; at -= 2)
    if (isMeant(headers[at] as string)) headers.splice(at, 2)
}

/** The first value under a lower-case name. */
export function headerIn(headers: HeaderList, name: string): string | undefined {
  for (let at = 0; at < headers.length; at += 2) if (headers[at] === name) return headers[at + 1]
  return undefined
}
