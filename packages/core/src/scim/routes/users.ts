import { z } from 'zod'
import type { PluginContext } from '../../plugin/context.js'
import { defineRoute, type OwnAccess, type Route, type RouteCall } from '../../plugin/route.js'
import { readUser } from '../attributes.js'
import { createUser } from '../create.js'
import { readUserNameFilter } from '../filter.js'
import { listUsers, MOST_LISTED } from '../list.js'
import { NO_SUCH_USER, refuseScim, type ScimOutcome } from '../outcome.js'
import { patchUser } from '../patch.js'
import { removeUser } from '../remove.js'
import { replaceUser } from '../replace.js'
import { findUser, findUserByName, type User } from '../user.js'
import { SCIM_ERRORS, scimError, scimJson, scimList } from './answer.js'

const BASE = '/scim/v2/Users'
const USER_SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:User'
const LIST_SCHEMA = 'urn:ietf:params:scim:api:messages:2.0:ListResponse'
const DEFAULT_COUNT = 100

/** What a user looks like is read with its own errors (RFC 7644 §3.12), so the schema asks for an object alone. */
const resource = z.record(z.string(), z.unknown())
const listQuery = z.object({
  startIndex: z.string().max(16).optional(),
  count: z.string().max(16).optional(),
  filter: z.string().max(2048).optional(),
})

/** RFC 7643 §4.1 and §3.1. */
const user = z.object({
  schemas: z.array(z.string()),
  id: z.string(),
  externalId: z.string().optional(),
  userName: z.string(),
  name: z
    .object({
      formatted: z.string().optional(),
      familyName: z.string().optional(),
      givenName: z.string().optional(),
    })
    .optional(),
  displayName: z.string().optional(),
  emails: z
    .array(z.object({ value: z.string(), type: z.string().optional(), primary: z.boolean().optional() }))
    .optional(),
  active: z.boolean(),
  meta: z.object({
    resourceType: z.literal('User'),
    created: z.string(),
    lastModified: z.string(),
    location: z.string(),
  }),
})

type ListQuery = z.output<typeof listQuery>
type Call = RouteCall<unknown, Record<string, unknown>, undefined>

/** Users of the directory (RFC 7644), by the directory's own secret. */
export const userRoutes = (context: PluginContext, access: OwnAccess): readonly Route[] => [
  defineRoute({
    method: 'POST',
    path: BASE,
    access,
    summary: 'Enter a user of the directory (RFC 7644 §3.3)',
    body: resource,
    errors: SCIM_ERRORS,
    answer: user,
    status: 201,
    async handle({ body }) {
      const attributes = readUser(body, { active: true })
      return answerUser(
        context,
        attributes.ok ? await createUser(context, attributes.value) : attributes,
        201,
      )
    },
  }),
  defineRoute({
    method: 'GET',
    path: BASE,
    access,
    summary: 'Users of the directory, all or by user name (RFC 7644 §3.4.2)',
    query: listQuery,
    errors: SCIM_ERRORS,
    answer: scimList(user),
    handle: ({ query }) => answerList(context, query),
  }),
  defineRoute({
    method: 'GET',
    path: `${BASE}/{id}`,
    access,
    summary: 'A user of the directory (RFC 7644 §3.4.1)',
    errors: SCIM_ERRORS,
    answer: user,
    async handle({ params }) {
      const user = await findUser(context, params.id ?? '')
      return answerUser(context, user ? { ok: true, value: user } : NO_SUCH_USER)
    },
  }),
  defineRoute({
    method: 'PUT',
    path: `${BASE}/{id}`,
    access,
    summary: 'Replace a user; `active: false` ends everything of its account at once (RFC 7644 §3.5.1)',
    body: resource,
    errors: SCIM_ERRORS,
    answer: user,
    handle: ({ params, body }: Call) => change(context, params.id, (user) => readUser(body, user)),
  }),
  defineRoute({
    method: 'PATCH',
    path: `${BASE}/{id}`,
    access,
    summary: 'Change a user; `active: false` ends everything of its account at once (RFC 7644 §3.5.2)',
    body: resource,
    errors: SCIM_ERRORS,
    answer: user,
    handle: ({ params, body }: Call) => change(context, params.id, (user) => patchUser(user, body)),
  }),
  defineRoute({
    method: 'DELETE',
    path: `${BASE}/{id}`,
    access,
    summary: 'Remove a user; its account stays out of service until it is entered anew (RFC 7644 §3.6)',
    errors: SCIM_ERRORS,
    status: 204,
    async handle({ params }) {
      const removed = await removeUser(context, params.id ?? '')
      if (!removed.ok) return scimError(removed.refusal)
      return new Response(null, { status: 204, headers: { 'cache-control': 'no-store' } })
    },
  }),
]

async function change(
  context: PluginContext,
  id: string | undefined,
  next: Parameters<typeof replaceUser>[2],
): Promise<Response> {
  return answerUser(context, await replaceUser(context, id ?? '', next))
}

async function answerList(context: PluginContext, query: ListQuery): Promise<Response> {
  if (query.filter !== undefined) return answerFound(context, query.filter)
  const startIndex = readCount(query.startIndex, 1)
  const count = readCount(query.count, DEFAULT_COUNT)
  if (startIndex === undefined || count === undefined)
    return answerUser(context, refuseScim('invalidValue', 'startIndex and count: give integers.'))
  // RFC 7644 §3.4.2.4: below 1 is 1, a negative count is 0.
  const from = Math.max(startIndex, 1)
  const most = Math.min(Math.max(count, 0), MOST_LISTED)
  const { total, users } = await listUsers(context, { startIndex: from, count: most })
  return listResponse(context, total, users, from)
}

async function answerFound(context: PluginContext, filter: string): Promise<Response> {
  const userName = readUserNameFilter(filter)
  if (!userName.ok) return scimError(userName.refusal)
  const user = await findUserByName(context, userName.value)
  const users = user ? [user] : []
  return listResponse(context, users.length, users, 1)
}

function listResponse(
  context: PluginContext,
  total: number,
  users: readonly User[],
  startIndex: number,
): Response {
  return scimJson({
    schemas: [LIST_SCHEMA],
    totalResults: total,
    startIndex,
    itemsPerPage: users.length,
    Resources: users.map((user) => userResource(context, user)),
  })
}

function readCount(text: string | undefined, absent: number): number | undefined {
  if (text === undefined) return absent
  return /^[+-]?\d{1,9}$/.test(text) ? Number(text) : undefined
}

function answerUser(context: PluginContext, outcome: ScimOutcome<User>, status = 200): Response {
  if (!outcome.ok) return scimError(outcome.refusal)
  const headers: Record<string, string> =
    status === 201 ? { location: locationOf(context, outcome.value.id) } : {}
  return scimJson(userResource(context, outcome.value), status, headers)
}

/** RFC 7643 §4.1 and §3.1. */
function userResource(context: PluginContext, user: User) {
  const { id, userName, externalId, displayName, name, emails, active, createdAt, changedAt } = user
  return {
    schemas: [USER_SCHEMA],
    id,
    externalId,
    userName,
    name,
    displayName,
    emails: emails.length === 0 ? undefined : emails,
    active,
    meta: {
      resourceType: 'User',
      created: new Date(createdAt).toISOString(),
      lastModified: new Date(changedAt).toISOString(),
      location: locationOf(context, id),
    },
  }
}

function locationOf(context: PluginContext, id: string): string {
  return `${context.publicUrl}${BASE}/${id}`
}
