import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  canonicalAccount,
  canonicalEmail,
  isEmail,
  MAX_ACCOUNT_LENGTH,
  subjectAccount,
} from '../../src/accounts/account-id.js'
import { bindApiKeyOperations } from '../../src/api-keys/operations.js'
import { listAudit } from '../../src/audit/list.js'
import type { TrustedIssuerOptions } from '../../src/external-tokens/options.js'
import { externalTokens } from '../../src/external-tokens/plugin.js'
import { bindOperations } from '../../src/gate/operations.js'
import { masterKey } from '../../src/master-key/plugin.js'
import { apiKeysOf, must, refusalOf } from '../gate/gate-fixture.js'
import { httpFixture, MASTER_KEY } from '../http/http-fixture.js'
import { AUDIENCE, goodClaims, issuerServer, SECONDS, signed, testKey, trust } from './issuer-fixture.js'

async function gate(
  options: Partial<TrustedIssuerOptions> = {},
  more: Parameters<typeof httpFixture>[0] = {},
) {
  const server = await issuerServer()
  const key = await testKey('first')
  server.keys = [key.jwk]
  const issuers = [
    {
      issuer: server.issuer,
      audience: AUDIENCE,
      withoutEmail: 'subject',
      requiredClaims: { repository_owner: 'acme' },
      ...options,
    },
  ]
  const fixture = await httpFixture({
    plugins: [masterKey({ key: MASTER_KEY }), externalTokens(issuers as readonly TrustedIssuerOptions[])],
    ...more,
  })
  const token = (claims: Record<string, unknown> = {}) =>
    signed(key, {
      ...goodClaims(server.issuer),
      email: undefined,
      sub: 'runner/7',
      repository_owner: 'acme',
      ...claims,
    })
  const whoami = async (compact: string) => {
    const response = await fixture.call('GET', '/oauth2/userinfo', {
      headers: { authorization: `Bearer ${compact}` },
    })
    return { status: response.status, body: (await response.json()) as Record<string, unknown> }
  }
  const port = new URL(server.issuer).port
  const account = `subject:runner~2F7:http~3A~2F~2F127.0.0.1~3A${port}`
  return { ...fixture, token, whoami, account }
}

const administrate = (body: unknown) => ({ headers: { authorization: `Bearer ${MASTER_KEY}` }, body })

describe('an account without an e-mail address', () => {
  it('is let in by subject and issuer where its issuer is named for that, and claims no e-mail', async () => {
    const { token, whoami, account } = await gate()
    const { status, body } = await whoami(await token())
    expect(status).toBe(200)
    expect(body).toMatchObject({ sub: account, user: account, name: account })
    expect(body).not.toHaveProperty('email')
  })

  it('is not let in where the option is not set', async () => {
    const { token, whoami } = await gate({ withoutEmail: 'refuse' })
    expect(await whoami(await token())).toMatchObject({ status: 401, body: { code: 'email_missing' } })
  })

  it('is banned, shown in the audit log, listed and unbanned by its id, in a path too', async () => {
    const { context, call, token, whoami, account } = await gate()
    const compact = await token()
    const ban = administrate({ user_email: account })
    expect((await call('POST', '/api/admin/sessions/revoke-user', ban)).status).toBe(200)
    expect(await whoami(compact)).toMatchObject({ status: 403, body: { code: 'account_banned' } })
    expect((await whoami(await token({ sub: 'runner' }))).status).toBe(200)
    const { items } = await listAudit(context, { limit: 10 })
    expect(items).toContainEqual(expect.objectContaining({ action: 'account.ban', subject: account }))

    const { headers } = administrate(undefined)
    const at = encodeURIComponent(account)
    const listed = await call('GET', `/api/admin/tokens/${at}`, { headers })
    expect(await listed.json()).toMatchObject({ user_email: account, tokens: [] })
    expect((await call('DELETE', `/api/admin/sessions/unban/${at}`, { headers })).status).toBe(200)
    const later = await token({ jti: 'later', iat: SECONDS + 1 })
    expect((await whoami(later)).body.code).not.toBe('account_banned')
  })

  it('that administers is named by its id in the audit log', async () => {
    const { context, call, token, account } = await gate()
    const compact = await token({ role: 'admin', scope: 'admin' })
    const headers = { authorization: `Bearer ${compact}` }
    expect((await call('GET', '/api/admin/tokens', { headers })).status).toBe(200)
    await expect
      .poll(async () => (await listAudit(context, { limit: 10 })).items.map(({ actor }) => actor))
      .toContain(account)
  })

  it('is banned by programs, and given no credential of the gate', async () => {
    const { context, token, whoami, account } = await gate()
    const { standing, tokens } = bindOperations(context)
    const keys = bindApiKeyOperations(apiKeysOf(context))
    const by = { service: 'test' }
    expect(refusalOf(await tokens.issue({ account, by }))).toBe('input_invalid')
    expect(refusalOf(await keys.create({ account, by }))).toBe('input_invalid')
    must(await standing.ban({ account, by }))
    expect((await whoami(await token())).status).toBe(403)
  })

  it('passes allowedEmailDomains, which no e-mail of its issuer passes for that', async () => {
    const { token, whoami } = await gate({}, { allowedEmailDomains: ['elsewhere.example'] })
    expect((await whoami(await token())).status).toBe(200)
    expect((await whoami(await token({ email: 'ann@example.com' }))).body.code).toBe('email_domain_refused')
  })

  it.each([null, '', undefined])('is let in when its issuer writes %j for no e-mail', async (email) => {
    const { token, whoami, account } = await gate()
    expect(await whoami(await token({ email }))).toMatchObject({ status: 200, body: { sub: account } })
  })

  it.each<[string, Record<string, unknown>, string]>([
    ['that is no text', { sub: 7 }, 'its user id in sub is no string'],
    ['that is missing', { sub: undefined }, 'its user id in sub is missing'],
    ['that is empty', { sub: '' }, 'its user id in sub is empty'],
    ['that is longer than 255', { sub: 'x'.repeat(256) }, 'is longer than 255 characters'],
    ['beside an e-mail claim that is none', { email: 'ann' }, 'what it has in email is no e-mail address'],
    ['beside an e-mail claim of blanks', { email: ' ' }, 'what it has in email is no e-mail address'],
    ['beside an e-mail claim that is no text', { email: false }, 'what it has in email is no e-mail address'],
  ])('is never made up: a user id %s is refused, and the log says why', async (_, claims, fault) => {
    const { events, token, whoami } = await gate()
    expect((await whoami(await token(claims))).body.code).toBe('email_missing')
    expect(events).toContainEqual(
      expect.objectContaining({
        code: 'external_token_email_missing',
        detail: expect.stringContaining(fault),
      }),
    )
  })

  it('is found in the audit log however long its id is', async () => {
    const { call, token, whoami } = await gate()
    const { body } = await whoami(await token({ sub: '語'.repeat(255) }))
    const ban = administrate({ user_email: body.sub })
    expect((await call('POST', '/api/admin/sessions/revoke-user', ban)).status).toBe(200)
    const { headers } = administrate(undefined)
    const query = new URLSearchParams({ subject: String(body.sub) })
    const found = await call('GET', `/api/admin/audit?${query}`, { headers })
    expect(await found.json()).toMatchObject({ entries: [{ action: 'account.ban', subject: body.sub }] })
    const longest = 'x'.repeat(MAX_ACCOUNT_LENGTH)
    for (const name of ['subject', 'actor'])
      expect((await call('GET', `/api/admin/audit?${name}=${longest}`, { headers })).status).toBe(200)
    expect((await call('GET', `/api/admin/audit?subject=${longest}x`, { headers })).status).toBe(400)
  })

  it('is no address, whatever its issuer calls it', async () => {
    const { token, whoami } = await gate()
    const { body } = await whoami(await token({ sub: 'root@example.com' }))
    expect(body).toMatchObject({ role: 'user', sub: expect.stringMatching(/^subject:root~40example\.com:/) })
  })

  it('is only by a named choice', () => {
    const options = { issuer: 'https://ci.test', audience: 'a', withoutEmail: 'allow' as 'subject' }
    expect(() => trust([options])).toThrow(
      'externalTokens.0.withoutEmail: give refuse or subject or insecure-any-subject',
    )
  })
})

describe('the id of an account without an e-mail address', () => {
  const issuers = fc.webUrl({ withQueryParameters: false, withFragments: false })
  const subjects = fc.string({ minLength: 1, maxLength: 60, unit: 'binary' })

  it('is of one subject of one issuer, nobody’s e-mail, and its own one spelling', () => {
    fc.assert(
      fc.property(issuers, subjects, issuers, subjects, (issuer, subject, other, another) => {
        const id = subjectAccount(issuer, subject) ?? ''
        expect(id).toMatch(/^subject:[\w.~-]+:[\w.~-]+$/)
        expect([isEmail(id), canonicalEmail(id), canonicalAccount(` ${id} `)]).toEqual([false, undefined, id])
        const isSame = issuer === other && subject === another
        expect(subjectAccount(other, another) === id).toBe(isSame)
      }),
    )
  })

  it.each([
    ['https://a.test', 'x:b', 'https://a.test', 'x~3Ab'],
    ['https://a.test/@x', 's', 'https://a.test/%40x', 's'],
    ['https://a.test', 's', 'http://a.test', 's'],
    ['https://a.test', 's', 'https://a.test/', 's'],
    ['https://a.test', 'S', 'https://a.test', 's'],
  ])('tells %s %s from %s %s', (issuer, subject, other, another) => {
    expect(subjectAccount(issuer, subject)).not.toBe(subjectAccount(other, another))
  })

  it.each([
    'subject:a:b~2f',
    'subject:~61:b',
    'subject:~FF:b',
    'subject:a',
    'subject::b',
    'Subject:a:b',
    'subject:a:b:c',
  ])('has no other spelling: %s', (text) => {
    expect(canonicalAccount(text)).toBeUndefined()
  })

  it('is not made of half a character', () => {
    expect(subjectAccount('https://a.test', '\ud800')).toBeUndefined()
  })
})
