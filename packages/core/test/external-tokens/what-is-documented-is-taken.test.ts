import { readFile } from 'node:fs/promises'
import { runInNewContext } from 'node:vm'
import { expect, it } from 'vitest'
import type { TrustedIssuerOptions } from '../../src/external-tokens/options.js'
import { httpFixture } from '../http/http-fixture.js'
import { issuerServer, SECONDS, signed, testKey } from './issuer-fixture.js'

const PAGE = await readFile(new URL('../../../../docs/credentials.md', import.meta.url), 'utf8')

/** The example of the documentation, as it stands there. */
function documented(): TrustedIssuerOptions {
  const [, text = ''] = /^## JWTs of other issuers\n+```js\n(.*?)```/ms.exec(PAGE) ?? []
  const { trustedIssuers } = runInNewContext(`({${text}})`) as { trustedIssuers: [TrustedIssuerOptions] }
  return trustedIssuers[0]
}

it.each([
  ['with an e-mail address', { email: 'ann@example.com' }, 'ann@example.com'],
  ['without one', {}, expect.stringMatching(/^subject:248289761001:/)],
])('the example of the documentation lets the usual openid profile call, %s', async (_, claims, account) => {
  const example = documented()
  const server = await issuerServer()
  const key = await testKey('key', 'RS256')
  server.keys = [key.jwk]
  const { call } = await httpFixture({ trustedIssuers: [{ ...example, issuer: server.issuer }] })
  const token = await signed(key, {
    iss: server.issuer,
    aud: example.audience,
    sub: '248289761001',
    iat: SECONDS,
    exp: SECONDS + 600,
    scope: 'openid profile',
    realm_access: { roles: ['offline_access', 'platform'] },
    ...claims,
  })
  const headers = { authorization: `Bearer ${token}` }
  const person = await call('GET', '/oauth2/userinfo', { headers })
  expect(await person.json()).toMatchObject({ sub: account, role: 'admin' })
  expect((await call('GET', '/oauth2/auth', { headers })).status).toBe(202)
})
