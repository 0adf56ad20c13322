import { z } from 'zod'
import { readAtMost } from '../encoding/read-at-most.js'
import { done, type Outcome, refused } from '../errors/outcome.js'
import { nearest } from '../input/nearest.js'
import { parseJsonObject } from '../jws/strict-json.js'
import type { RouteSchema } from '../plugin/route.js'
import { mediaTypeOf } from '../request/field-value.js'

const LARGEST_BODY = 65_536

/**
 * A JSON object of at most 64 KiB that a schema accepts and that has come within the deadline. Whether members that the
 * schema does not know are ignored, the schema says.
 */
export async function readBody(
  request: Request,
  schema: RouteSchema,
  deadlineMs: number,
  mediaTypes: readonly string[] = ['application/json'],
): Promise<Outcome<unknown>> {
  const mediaType = mediaTypeOf(request.headers.get('content-type'))
  if (mediaType === undefined || !mediaTypes.includes(mediaType)) return refused('media_type_refused')
  const bytes = await readBounded(request, deadlineMs)
  if (!bytes.ok) return bytes
  const value = parseJsonObject(bytes.value)
  return value ? check(value, schema) : refused('input_invalid', { detail: 'The body is not a JSON object.' })
}

/** A form of at most 64 KiB whose fields come once each. Fields that the schema does not know are ignored. */
export async function readForm(
  request: Request,
  schema: RouteSchema,
  deadlineMs: number,
): Promise<Outcome<unknown>> {
  const mediaType = mediaTypeOf(request.headers.get('content-type'))
  if (mediaType !== 'application/x-www-form-urlencoded')
    return refused('media_type_refused', { detail: 'Send the body as application/x-www-form-urlencoded.' })
  const bytes = await readBounded(request, deadlineMs)
  if (!bytes.ok) return bytes
  const fields = new URLSearchParams(Buffer.from(bytes.value).toString('utf8'))
  const names = [...fields.keys()]
  if (new Set(names).size < names.length)
    return refused('input_invalid', { detail: 'A field is given twice.' })
  return check(Object.fromEntries(fields), schema)
}

/** A query whose parameters come once each. */
export async function readQuery(url: URL, schema: RouteSchema): Promise<Outcome<unknown>> {
  const names = [...url.searchParams.keys()]
  if (new Set(names).size < names.length)
    return refused('input_invalid', { detail: 'A query parameter is given twice.' })
  return check(Object.fromEntries(url.searchParams), schema)
}

interface Issue {
  readonly code?: string
  readonly keys?: readonly string[]
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[]
}

/** Refused with every member that is wrong, or with `expires_in_invalid` when that alone is. */
async function check(value: unknown, schema: RouteSchema): Promise<Outcome<unknown>> {
  const checked = await schema['~standard'].validate(value)
  if (!checked.issues) return done(checked.value)
  const issues = checked.issues as readonly Issue[]
  if (issues.every((issue) => memberOf(issue) === 'expires_in')) return refused('expires_in_invalid')
  const known = schema instanceof z.ZodObject ? Object.keys(schema.shape) : []
  const problems = issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? (issue.keys ?? []).map((name) => unknownName(name, known))
      : [`${memberOf(issue) || 'The input'}: not of the form that this route takes`],
  )
  const told = [...new Set(problems)].slice(0, TOLD_AT_MOST).join('; ')
  return refused('input_invalid', { detail: `${told}; /openapi.json tells what this route takes.` })
}

const TOLD_AT_MOST = 10
const LONGEST_NAME = 64

function memberOf({ path = [] }: Issue): string {
  return path.map((part) => String(typeof part === 'object' ? part.key : part)).join('.')
}

/** The name as it came, as far as it is one: what is longer, or no line of text, is nobody's spelling. */
function unknownName(name: string, known: readonly string[]): string {
  if (name.length > LONGEST_NAME || !/^[\x20-\x7e]+$/.test(name)) return 'A name: unknown'
  const meant = nearest(name, known)
  return meant === undefined ? `${name}: unknown` : `${name}: unknown; ${meant} is meant, perhaps`
}

/** Refused with `body_too_large`, or with `body_too_slow` when the whole has not come by the deadline. */
async function readBounded(request: Request, deadlineMs: number): Promise<Outcome<Uint8Array>> {
  if (Number(request.headers.get('content-length')) > LARGEST_BODY) return refused('body_too_large')
  const deadline = new AbortController()
  const timer = setTimeout(() => deadline.abort(), deadlineMs)
  try {
    // Whoever owns the connection decides what becomes of the rest.
    const bytes = await readAtMost(request.body, LARGEST_BODY, deadline.signal)
    return bytes ? done(bytes) : refused('body_too_large')
  } catch {
    return deadline.signal.aborted
      ? refused('body_too_slow')
      : refused('input_invalid', { detail: 'The body broke off.' })
  } finally {
    clearTimeout(timer)
  }
}
