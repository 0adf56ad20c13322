import { z } from 'zod'
import type { PluginContext } from '../../plugin/context.js'
import { defineRoute, type OwnAccess, type Route } from '../../plugin/route.js'
import { MOST_LISTED } from '../list.js'
import { NO_SUCH_RESOURCE } from '../outcome.js'
import { SCIM_ERRORS, scimError, scimJson, scimList } from './answer.js'

const BASE = '/scim/v2'
const CORE = 'urn:ietf:params:scim:schemas:core:2.0'
const USER_SCHEMA = `${CORE}:User`

interface Attribute {
  readonly type?: 'string' | 'boolean' | 'complex'
  readonly required?: boolean
  readonly multiValued?: boolean
  readonly caseExact?: boolean
  readonly uniqueness?: 'none' | 'server'
  readonly subAttributes?: readonly unknown[]
}

/** RFC 7643 §7, with its defaults spelled out. */
function attribute(name: string, description: string, more: Attribute = {}) {
  const defaults = { type: 'string', multiValued: false, required: false, mutability: 'readWrite' }
  const text = (more.type ?? 'string') === 'string' ? { caseExact: false, uniqueness: 'none' } : {}
  return { name, description, ...defaults, returned: 'default', ...text, ...more }
}

const USER_ATTRIBUTES = [
  attribute('userName', 'Names the user; an account when it is an e-mail address.', {
    required: true,
    uniqueness: 'server',
  }),
  attribute('displayName', 'For people.'),
  attribute('name', 'The parts of the name.', {
    type: 'complex',
    subAttributes: [
      attribute('formatted', 'All of it.'),
      attribute('familyName', 'Last name.'),
      attribute('givenName', 'First name.'),
    ],
  }),
  attribute('emails', 'The primary one is an account too.', {
    type: 'complex',
    multiValued: true,
    subAttributes: [
      attribute('value', 'The address.'),
      attribute('type', 'Such as work.'),
      attribute('primary', 'True for at most one.', { type: 'boolean' }),
    ],
  }),
  attribute('active', 'False ends everything of the account at once.', { type: 'boolean' }),
]

/** RFC 7643 §5: what is supported, and that the rest is not. */
function serviceProviderConfig(context: PluginContext) {
  return {
    schemas: [`${CORE}:ServiceProviderConfig`],
    patch: { supported: true },
    bulk: { supported: false, maxOperations: 0, maxPayloadSize: 0 },
    filter: { supported: true, maxResults: MOST_LISTED },
    changePassword: { supported: false },
    sort: { supported: false },
    etag: { supported: false },
    authenticationSchemes: [
      {
        type: 'oauthbearertoken',
        name: 'Bearer secret',
        description: 'The secret of the directory as a bearer token.',
        specUri: 'https://www.rfc-editor.org/info/rfc6750',
        primary: true,
      },
    ],
    meta: metaOf(context, 'ServiceProviderConfig', 'ServiceProviderConfig'),
  }
}

function userType(context: PluginContext) {
  return {
    schemas: [`${CORE}:ResourceType`],
    id: 'User',
    name: 'User',
    description: 'Somebody who may log in.',
    endpoint: '/Users',
    schema: USER_SCHEMA,
    meta: metaOf(context, 'ResourceType', 'ResourceTypes/User'),
  }
}

function userSchema(context: PluginContext) {
  return {
    schemas: [`${CORE}:Schema`],
    id: USER_SCHEMA,
    name: 'User',
    description: 'Somebody who may log in.',
    attributes: USER_ATTRIBUTES,
    meta: metaOf(context, 'Schema', `Schemas/${USER_SCHEMA}`),
  }
}

function metaOf(context: PluginContext, resourceType: string, path: string) {
  return { resourceType, location: `${context.publicUrl}${BASE}/${path}` }
}

function listOf(item: unknown) {
  return {
    schemas: ['urn:ietf:params:scim:api:messages:2.0:ListResponse'],
    totalResults: 1,
    startIndex: 1,
    itemsPerPage: 1,
    Resources: [item],
  }
}

const description = z.looseObject({ schemas: z.array(z.string()), meta: z.looseObject({}) })

/** What a directory can find out about this service (RFC 7644 §4). */
export function discoveryRoutes(context: PluginContext, access: OwnAccess): readonly Route[] {
  const discovery = { method: 'GET', access, errors: SCIM_ERRORS } as const
  return [
    defineRoute({
      ...discovery,
      path: `${BASE}/ServiceProviderConfig`,
      answer: description,
      summary: 'What of SCIM is supported (RFC 7643 §5)',
      handle: async () => scimJson(serviceProviderConfig(context)),
    }),
    defineRoute({
      ...discovery,
      path: `${BASE}/ResourceTypes`,
      answer: scimList(description),
      summary: 'Kinds of resources: users (RFC 7643 §6)',
      handle: async () => scimJson(listOf(userType(context))),
    }),
    defineRoute({
      ...discovery,
      path: `${BASE}/ResourceTypes/{id}`,
      answer: description,
      summary: 'A kind of resource (RFC 7643 §6)',
      handle: async ({ params }) =>
        params.id === 'User' ? scimJson(userType(context)) : scimError(NO_SUCH_RESOURCE),
    }),
    defineRoute({
      ...discovery,
      path: `${BASE}/Schemas`,
      answer: scimList(description),
      summary: 'The attributes that are kept (RFC 7643 §7)',
      handle: async () => scimJson(listOf(userSchema(context))),
    }),
    defineRoute({
      ...discovery,
      path: `${BASE}/Schemas/{id}`,
      answer: description,
      summary: 'The attributes of one schema (RFC 7643 §7)',
      handle: async ({ params }) =>
        params.id?.toLowerCase() === USER_SCHEMA.toLowerCase()
          ? scimJson(userSchema(context))
          : scimError(NO_SUCH_RESOURCE),
    }),
  ]
}
