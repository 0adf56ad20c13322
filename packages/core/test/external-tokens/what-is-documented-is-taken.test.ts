import { readFile } from 'node:fs/promises'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import type { TrustedIssuerOptions } from '../../src/external-tokens/options.js'
import { externalTokens } from '../../src/external-tokens/plugin.js'
import { resolveTrustedIssuers } from '../../src/external-tokens/resolve.js'
import { httpFixture } from '../http/http-fixture.js'
import { issuerServer, SECONDS, signed, testKey } from './issuer-fixture.js'

const PAGE = await readFile(new URL('../../../../docs/credentials.md', import.meta.url), 'utf8')

/** What stands there of an issuer, with that of an issuer on loopback instead. */
async function gateThatTrusts(documented: TrustedIssuerOptions) {
  const server = await issuerServer()
  const key = await testKey('key', 'RS256')
  server.keys = [key.jwk]
  const { call } = await httpFixture({
    plugins: [externalTokens([{ ...documented, issuer: server.issuer }])],
  })
  const token = (claims: object) =>
    signed(key, {
      iss: server.issuer,
      aud: documented.audience,
      iat: SECONDS,
      exp: SECONDS + 600,
      ...claims,
    })
  return async (claims: object) => {
    const headers = { authorization: `Bearer ${await token(claims)}` }
    const person = await call('GET', '/oauth2/userinfo', { headers })
    const { status } = await call('GET', '/oauth2/auth', { headers })
    return { status, person: (await person.json()) as unknown }
  }
}

describe('the example of the documentation', () => {
  const [, text = ''] = /^## JWTs of other issuers\n+```js\n(.*?)```/ms.exec(PAGE) ?? []
  const documented = runInNewContext(text, { externalTokens: ([first]: [TrustedIssuerOptions]) => first })
  const claims = {
    sub: '248289761001',
    azp: 'web',
    scope: 'openid profile',
    realm_access: { roles: ['offline_access', 'platform'] },
  }

  it.each([
    ['with an e-mail address', { email: 'ann@example.com' }, 'ann@example.com'],
    ['without one', {}, expect.stringMatching(/^subject:248289761001:/)],
  ])('lets the usual openid profile call, %s', async (_, more, account) => {
    const present = await gateThatTrusts(documented as TrustedIssuerOptions)
    expect(await present({ ...claims, ...more })).toMatchObject({
      status: 202,
      person: { sub: account, role: 'admin' },
    })
  })

  it('lets no other client of that issuer call', async () => {
    const present = await gateThatTrusts(documented as TrustedIssuerOptions)
    expect((await present({ ...claims, azp: 'wiki' })).status).toBe(401)
  })
})

describe('the file for GitHub Actions of the documentation', () => {
  const [, text = ''] = /^### GitHub Actions\n.*?```json\n(.*?)```/ms.exec(PAGE) ?? []
  const [documented] = JSON.parse(text) as [TrustedIssuerOptions]
  /** As GitHub documents the claims of a job's token. */
  const claims = {
    jti: 'example-id',
    sub: 'repo:acme/app:ref:refs/heads/main',
    ref: 'refs/heads/main',
    repository: 'acme/app',
    repository_id: '74',
    repository_owner: 'acme',
    repository_owner_id: '65',
    event_name: 'push',
    runner_environment: 'github-hosted',
  }

  it('is taken at start as it stands', () => {
    const problems: string[] = []
    resolveTrustedIssuers([documented], problems)
    expect(problems).toEqual([])
  })

  it('admits the workflows of the owner on the main branch', async () => {
    const present = await gateThatTrusts(documented)
    expect(await present(claims)).toMatchObject({
      status: 202,
      person: { sub: expect.stringMatching(/^subject:acme~2Fapp:/), role: 'user' },
    })
  })

  it.each([
    ['anybody else’s repository', { repository_owner: 'mallory', repository_owner_id: '66' }],
    ['an owner who took a name that was given up', { repository_owner_id: '66' }],
    ['a pull request', { ref: 'refs/pull/7/merge', event_name: 'pull_request' }],
    ['a branch that begins alike', { ref: 'refs/heads/main-2' }],
    ['a token that says nothing of its owner', { repository_owner_id: undefined }],
  ])('admits no workflow of %s, whatever audience it asked for', async (_, more) => {
    const present = await gateThatTrusts(documented)
    expect(await present({ ...claims, ...more })).toMatchObject({
      status: 401,
      person: { code: 'token_invalid' },
    })
  })
})
