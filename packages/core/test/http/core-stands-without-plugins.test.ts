import { expect, it } from 'vitest'
import { apiKeys } from '../../src/api-keys/plugin.js'
import { backChannelLogout } from '../../src/back-channel-logout/plugin.js'
import { device } from '../../src/device/plugin.js'
import { ownedPaths } from '../../src/gate/create-gate.js'
import { masterKey } from '../../src/master-key/plugin.js'
import { oauth } from '../../src/oauth/plugin.js'
import type { Plugin } from '../../src/plugin/plugin.js'
import { scim } from '../../src/scim/plugin.js'
import { SCIM_SECRET } from '../gate/shipped-plugins.js'
import { ROUTES } from './every-route.js'
import { httpFixture, MASTER_KEY, tokenOf } from './http-fixture.js'

const nameOf = ({ method, path }: { method: string; path: string }) => `${method} ${path}`

async function namesWith(plugins: readonly Plugin[]) {
  const { call } = await httpFixture({ plugins })
  const document = (await (await call('GET', '/openapi.json')).json()) as { paths: Record<string, object> }
  return Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => nameOf({ method: method.toUpperCase(), path })),
  )
}

const OAUTH_ROUTES = [
  'POST /oauth2/token',
  'POST /oauth2/revoke',
  'POST /oauth2/introspect',
  'GET /oauth2/authorize',
  'POST /oauth2/authorize',
  'GET /.well-known/oauth-authorization-server',
]
const DEVICE_ROUTES = ['POST /oauth2/device_authorization', 'GET /device', 'POST /device']

it('a gate without plugins has the routes of core, and each plugin adds its own and no other', async () => {
  const core = await namesWith([])
  const added = async (...plugins: readonly Plugin[]) =>
    (await namesWith(plugins)).filter((name) => !core.includes(name))
  const byScim = await added(scim({ secret: SCIM_SECRET }))
  expect(byScim.every((name) => name.includes(' /scim/v2/'))).toBe(true)
  expect(await added(backChannelLogout())).toEqual(['POST /oauth2/backchannel-logout'])
  expect(await added(masterKey({ key: MASTER_KEY }))).toEqual([])
  const byApiKeys = await added(apiKeys())
  expect(byApiKeys).toHaveLength(4)
  expect(byApiKeys.every((name) => name.includes(' /v1/user/keys'))).toBe(true)
  expect((await added(oauth())).sort()).toEqual([...OAUTH_ROUTES].sort())
  expect((await added(oauth(), device())).sort()).toEqual([...OAUTH_ROUTES, ...DEVICE_ROUTES].sort())
  const own = [...byScim, ...byApiKeys, 'POST /oauth2/backchannel-logout', ...OAUTH_ROUTES, ...DEVICE_ROUTES]
  expect([...core, ...own].sort()).toEqual(ROUTES.map(nameOf).sort())
})

it('a gate without plugins lets in who has a token, and asks no directory', async () => {
  const { call, context, table } = await httpFixture({ plugins: [] })
  const headers = await tokenOf(context, 'user@example.com', ['api', 'tokens:write'])
  expect((await call('GET', '/api/token/list', { headers })).status).toBe(200)
  expect((await call('POST', '/oauth2/backchannel-logout', { form: { logout_token: 'x' } })).status).toBe(404)
  expect(['/scim/v2/Users', '/oauth2/backchannel-logout', '/api/admin/none'].map(ownedPaths(table))).toEqual([
    false,
    true,
    true,
  ])
})

it('a gate without an OAuth server logs people in, sends no program to one, and serves none', async () => {
  const { call, table } = await httpFixture({ plugins: [] })
  for (const name of [...OAUTH_ROUTES, ...DEVICE_ROUTES]) {
    const [method = '', path = ''] = name.split(' ')
    expect(
      (await call(method, path, method === 'POST' ? { form: { client_id: 'x' } } : {})).status,
      name,
    ).toBe(404)
  }
  expect((await call('GET', '/oauth2/start')).status).toBe(302)
  expect(ownedPaths(table)('/device')).toBe(false)
  expect(await (await call('GET', '/.well-known/oauth-protected-resource')).json()).toEqual({
    resource: 'https://gate.test',
    jwks_uri: 'https://gate.test/.well-known/jwks.json',
    scopes_supported: ['api'],
    bearer_methods_supported: ['header'],
    resource_name: 'Portcullis',
  })
})

it('the metadata of an OAuth server name what it serves: the device flow only where it is listed', async () => {
  const metadataWith = async (plugins: readonly Plugin[]) => {
    const { call } = await httpFixture({ plugins })
    const server = await (await call('GET', '/.well-known/oauth-authorization-server')).json()
    const resource = await (await call('GET', '/.well-known/oauth-protected-resource')).json()
    return [server, resource] as Record<string, unknown>[]
  }
  const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code'
  const [alone, resource] = await metadataWith([oauth()])
  expect(resource?.authorization_servers).toEqual(['https://gate.test'])
  expect(alone).not.toHaveProperty('device_authorization_endpoint')
  expect(alone?.grant_types_supported).toEqual(['authorization_code', 'refresh_token'])
  const [withDevice] = await metadataWith([oauth(), device()])
  expect(withDevice?.device_authorization_endpoint).toBe('https://gate.test/oauth2/device_authorization')
  expect(withDevice?.grant_types_supported).toEqual(['authorization_code', 'refresh_token', DEVICE_GRANT])
})

it('the device flow does not start without an OAuth server, or before it', async () => {
  await expect(httpFixture({ plugins: [device()] })).rejects.toMatchObject({
    problems: ['plugins: device needs oauth to be listed, too'],
  })
  await expect(httpFixture({ plugins: [device(), oauth()] })).rejects.toMatchObject({
    problems: ['plugins: device needs oauth to be listed before it'],
  })
})
