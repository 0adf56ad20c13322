import { expect } from 'vitest'
import { apiKeys } from '../../src/api-keys/plugin.js'
import { identify } from '../../src/authentication/authenticate.js'
import type { GateContext } from '../../src/context/context.js'
import { oauth } from '../../src/oauth/plugin.js'
import { scim } from '../../src/scim/plugin.js'
import { startSession } from '../../src/sessions/start.js'
import { refusalOf } from '../gate/gate-fixture.js'
import { type HttpFixture, httpFixture } from '../http/http-fixture.js'

export const SCIM_SECRET = 'b1vTqX8sRkM4wYzN6cJd9hLf2gPa7uEo'
export const NEXT_SCIM_SECRET = 'Lq3mZt7nWx2vKc8bYd5rHj9fGs4pTu6e'

export const USER = 'urn:ietf:params:scim:schemas:core:2.0:User'

export interface UserBody {
  id: string
  userName: string
  active: boolean
  displayName?: string
  externalId?: string
  name?: Record<string, string>
  emails?: { value: string; type?: string; primary?: boolean }[]
  meta: Record<string, string>
}

export interface ScimFixture extends HttpFixture {
  /** As the directory, whose requests go on from a path of its own. */
  scim(method: string, path: string, body?: unknown): Promise<Response>
  create(user: Record<string, unknown>): Promise<UserBody>
  patch(id: string, ...operations: unknown[]): Promise<Response>
  find(id: string): Promise<UserBody>
}

export async function scimFixture(overrides: Parameters<typeof httpFixture>[0] = {}): Promise<ScimFixture> {
  const fixture = await httpFixture({
    plugins: [apiKeys(), scim({ secret: [SCIM_SECRET, NEXT_SCIM_SECRET] }), oauth()],
    ...overrides,
  })
  const headers = { authorization: `Bearer ${SCIM_SECRET}` }
  const asDirectory: ScimFixture['scim'] = (method, path, body) => {
    const contentType = body === undefined ? {} : { 'content-type': 'application/scim+json' }
    return fixture.call(method, `/scim/v2${path}`, { headers: { ...headers, ...contentType }, body })
  }
  return {
    ...fixture,
    scim: asDirectory,
    async create(user) {
      const response = await asDirectory('POST', '/Users', user)
      if (response.status !== 201) throw new Error(`not created: ${await response.text()}`)
      return (await response.json()) as UserBody
    },
    patch: (id, ...operations) =>
      asDirectory('PATCH', `/Users/${id}`, {
        schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
        Operations: operations,
      }),
    find: async (id) => (await (await asDirectory('GET', `/Users/${id}`)).json()) as UserBody,
  }
}

/** Why a credential does not let in; undefined when it does. */
export async function refusalWith(
  context: GateContext,
  headers: Record<string, string>,
): Promise<string | undefined> {
  const rawHeaders = Object.entries(headers).flat()
  return refusalOf(await identify(context, { method: 'GET', target: '/', rawHeaders }))
}

export async function loginRefusal(context: GateContext, email: string): Promise<string | undefined> {
  const facts = { email, groups: [], issuer: 'https://idp.test', subject: email, idToken: 't' }
  return refusalOf(await startSession(context, facts))
}

/** The error of a response, which is one of RFC 7644 §3.12. */
export async function errorOf(response: Response) {
  expect(response.headers.get('content-type')).toBe('application/scim+json')
  const body = (await response.json()) as {
    schemas: string[]
    status: string
    scimType?: string
    detail: string
  }
  expect(body.schemas).toEqual(['urn:ietf:params:scim:api:messages:2.0:Error'])
  expect(body.status).toBe(String(response.status))
  return { status: response.status, scimType: body.scimType }
}
