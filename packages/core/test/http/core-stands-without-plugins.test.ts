import { expect, it } from 'vitest'
import { apiKeys } from '../../src/api-keys/plugin.js'
import { backChannelLogout } from '../../src/back-channel-logout/plugin.js'
import { ownedPaths } from '../../src/gate/create-gate.js'
import { masterKey } from '../../src/master-key/plugin.js'
import type { Plugin } from '../../src/plugin/plugin.js'
import { scim } from '../../src/scim/plugin.js'
import { type EVERY_PLUGIN, ROUTES, SCIM_SECRET } from './every-route.js'
import { httpFixture, MASTER_KEY, tokenOf } from './http-fixture.js'

const nameOf = ({ method, path }: { method: string; path: string }) => `${method} ${path}`

async function namesWith(plugins: readonly Plugin[]) {
  const { call } = await httpFixture({ plugins })
  const document = (await (await call('GET', '/openapi.json')).json()) as { paths: Record<string, object> }
  return Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => nameOf({ method: method.toUpperCase(), path })),
  )
}

it('a gate without plugins has the routes of core, and each plugin adds its own and no other', async () => {
  const core = await namesWith([])
  const added = async (plugin: (typeof EVERY_PLUGIN)[number]) =>
    (await namesWith([plugin])).filter((name) => !core.includes(name))
  const byScim = await added(scim({ secret: SCIM_SECRET }))
  expect(byScim.every((name) => name.includes(' /scim/v2/'))).toBe(true)
  expect(await added(backChannelLogout())).toEqual(['POST /oauth2/backchannel-logout'])
  expect(await added(masterKey({ key: MASTER_KEY }))).toEqual([])
  const byApiKeys = await added(apiKeys())
  expect(byApiKeys).toHaveLength(4)
  expect(byApiKeys.every((name) => name.includes(' /v1/user/keys'))).toBe(true)
  expect([...core, ...byApiKeys, ...byScim, 'POST /oauth2/backchannel-logout'].sort()).toEqual(
    ROUTES.map(nameOf).sort(),
  )
})

it('a gate without plugins lets in who has a token, and asks no directory', async () => {
  const { call, deps, table } = await httpFixture({ plugins: [] })
  const headers = await tokenOf(deps, 'user@example.com', ['api', 'tokens:write'])
  expect((await call('GET', '/api/token/list', { headers })).status).toBe(200)
  expect((await call('POST', '/oauth2/backchannel-logout', { form: { logout_token: 'x' } })).status).toBe(404)
  expect(['/scim/v2/Users', '/oauth2/backchannel-logout', '/api/admin/none'].map(ownedPaths(table))).toEqual([
    false,
    true,
    true,
  ])
})
