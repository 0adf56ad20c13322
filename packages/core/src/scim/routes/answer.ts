import { z } from 'zod'
import type { Problem } from '../../errors/problem.js'
import { json } from '../../http/answers/answer.js'
import type { ErrorForm } from '../../plugin/route.js'
import type { ScimRefusal } from '../outcome.js'

const SCIM_MEDIA_TYPE = 'application/scim+json'

export function scimJson(value: unknown, status = 200, headers: Record<string, string> = {}): Response {
  return json(value, status, { 'content-type': SCIM_MEDIA_TYPE, ...headers })
}

/** RFC 7644 §3.12; the status is a string there. */
export function scimError(
  { status, scimType, detail }: ScimRefusal,
  headers: Record<string, string> = {},
): Response {
  const body = {
    schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
    status: String(status),
    ...(scimType === undefined ? {} : { scimType }),
    detail,
  }
  return scimJson(body, status, headers)
}

/** RFC 7644 §3.4.2. */
export function scimList(resource: z.ZodType) {
  return z.object({
    schemas: z.array(z.string()),
    totalResults: z.int(),
    startIndex: z.int(),
    itemsPerPage: z.int(),
    Resources: z.array(resource),
  })
}

function scimProblem({ status, detail, code, challenge, retryAfterSeconds }: Problem): Response {
  const headers: Record<string, string> = {
    ...(challenge === undefined ? {} : { 'www-authenticate': challenge }),
    ...(retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) }),
  }
  const isSyntax = code === 'input_invalid'
  return scimError({ status, detail, ...(isSyntax ? { scimType: 'invalidSyntax' } : {}) }, headers)
}

const text = { type: 'string' }

/** RFC 7644 §3.12. */
export const SCIM_ERRORS: ErrorForm = {
  name: 'ScimError',
  mediaType: SCIM_MEDIA_TYPE,
  // RFC 7644 §3.1 asks for the first and lets the second pass.
  accepts: [SCIM_MEDIA_TYPE, 'application/json'],
  schema: {
    type: 'object',
    description: 'RFC 7644 §3.12',
    required: ['schemas', 'status', 'detail'],
    properties: {
      schemas: { type: 'array', items: text },
      status: { ...text, description: 'A string, as SCIM has it' },
      scimType: text,
      detail: text,
    },
  },
  answer: scimProblem,
}
