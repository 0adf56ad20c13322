import { parseString } from './filter.js'

export type PatchOperation = 'add' | 'replace' | 'remove'

/** A user as a directory would send it, while it is being changed. */
export type Draft = Record<string, unknown>

/** `attribute[filter].part` (RFC 7644 §3.5.2), names in lower case. */
export interface AttributePath {
  readonly attribute: string
  readonly filter?: string
  readonly part?: string
}

const CORE_USER = 'urn:ietf:params:scim:schemas:core:2.0:user:'
const PATH = /^([a-z][\w$-]*)(?:\[([^\]]*)\])?(?:\.([a-z][\w$-]*))?$/i

/** Undefined for what is no path; `extension` for one into a schema that is not kept here. */
export function parsePath(text: string): AttributePath | 'extension' | undefined {
  const isCore = text.toLowerCase().startsWith(CORE_USER)
  const rest = isCore ? text.slice(CORE_USER.length) : text
  if (!isCore && /^urn:/i.test(rest)) return 'extension'
  const [whole, attribute, filter, part] = PATH.exec(rest) ?? []
  if (whole === undefined || attribute === undefined) return undefined
  return {
    attribute: attribute.toLowerCase(),
    ...(filter === undefined ? {} : { filter }),
    ...(part === undefined ? {} : { part: part.toLowerCase() }),
  }
}

/** A filter inside a path: `type eq "work"`, `primary eq true`. */
export interface ItemFilter {
  readonly part: string
  readonly value: string | boolean
}

const ITEM_FILTER = /^\s*(type|value|primary)\s+eq\s+(?:(true|false)|("(?:[^"\\]|\\.)*"))\s*$/i

export function parseItemFilter(text: string): ItemFilter | undefined {
  const [, part, literal, quoted] = ITEM_FILTER.exec(text) ?? []
  const value = literal === undefined ? parseString(quoted ?? '') : literal.toLowerCase() === 'true'
  return part === undefined || value === undefined ? undefined : { part: part.toLowerCase(), value }
}
