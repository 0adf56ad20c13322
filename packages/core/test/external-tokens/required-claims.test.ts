import { describe, expect, it, vi } from 'vitest'
import type { RequiredClaims, TrustedIssuerOptions } from '../../src/external-tokens/options.js'
import { externalTokens } from '../../src/external-tokens/plugin.js'
import { missingClaim, resolveRequiredClaims } from '../../src/external-tokens/required-claims.js'
import { resolveTrustedIssuers } from '../../src/external-tokens/resolve.js'
import { httpFixture } from '../http/http-fixture.js'
import { AUDIENCE, goodClaims, issuerServer, signed, testKey } from './issuer-fixture.js'

function missing(required: RequiredClaims, payload: Record<string, unknown>): string | undefined {
  const problems: string[] = []
  const resolved = resolveRequiredClaims(required, problems)
  expect(problems).toEqual([])
  return missingClaim(payload, resolved)
}

describe('a required claim', () => {
  it.each<[RequiredClaims, Record<string, unknown>]>([
    [{ owner: 'acme' }, { owner: 'acme' }],
    [{ owner: ['other', 'acme'] }, { owner: 'acme' }],
    [{ sub: 'repo:acme/*' }, { sub: 'repo:acme/app' }],
    [{ sub: 'repo:acme/*' }, { sub: 'repo:acme/' }],
    [{ groups: 'ci' }, { groups: ['dev', 'ci'] }],
    [{ 'kubernetes.namespace': 'ci' }, { kubernetes: { namespace: 'ci' } }],
    [{ 'https://example.com/org': 'acme' }, { 'https://example.com/org': 'acme' }],
  ])('%j is met by %j', (required, payload) => {
    expect(missing(required, payload)).toBeUndefined()
  })

  it.each<[RequiredClaims, Record<string, unknown>]>([
    [{ owner: 'acme' }, {}],
    [{ owner: 'acme' }, { owner: 'Acme' }],
    [{ owner: 'acme' }, { owner: 'acme-evil' }],
    [{ owner: 'acme' }, { owner: ' acme' }],
    [{ owner: 'acme' }, { owner: { acme: true } }],
    [{ owner: 'acme' }, { owner: [['acme']] }],
    [{ owner: 'acme' }, { owner: [] }],
    [{ owner: '7' }, { owner: 7 }],
    [{ owner: 'true' }, { owner: true }],
    [{ owner: 'a.c' }, { owner: 'abc' }],
    [{ sub: 'repo:acme/*' }, { sub: 'repo:acme-evil/app' }],
    [{ sub: 'repo:acme/*' }, { sub: 'x repo:acme/app' }],
    [{ toString: 'x' } as RequiredClaims, {}],
    [{ owner: 'acme', ref: 'main' }, { owner: 'acme' }],
  ])('%j is not met by %j', (required, payload) => {
    expect(missing(required, payload)).toEqual(expect.any(String))
  })
})

describe('an issuer that serves everybody', () => {
  const ci = { issuer: 'https://ci.test', audience: 'gate', withoutEmail: 'subject' } as const

  it('is not trusted by subject unless it is said whose tokens are meant, or that all are', () => {
    const problemsOf = (options: TrustedIssuerOptions) => {
      const problems: string[] = []
      resolveTrustedIssuers([options], problems)
      return problems
    }
    expect(problemsOf(ci)).toEqual([
      expect.stringMatching(/^externalTokens\.0\.withoutEmail: subject needs requiredClaims/),
    ])
    expect(problemsOf({ ...ci, requiredClaims: { repository_owner: 'acme' } })).toEqual([])
    expect(problemsOf({ ...ci, withoutEmail: 'insecure-any-subject' })).toEqual([])
  })

  it('admits nobody else with an e-mail address either, and the log says by which claim', async () => {
    const server = await issuerServer()
    const key = await testKey('first')
    server.keys = [key.jwk]
    const requiredClaims = { repository_owner: 'acme' }
    const { call, context } = await httpFixture({
      plugins: [externalTokens([{ issuer: server.issuer, audience: AUDIENCE, requiredClaims }])],
    })
    const told = vi.spyOn(context.strangers, 'report')
    const statusOf = async (claims: object) => {
      const token = await signed(key, { ...goodClaims(server.issuer), ...claims })
      const headers = { authorization: `Bearer ${token}` }
      return (await call('GET', '/oauth2/userinfo', { headers })).status
    }
    expect(await statusOf({ repository_owner: 'mallory' })).toBe(401)
    expect(told.mock.calls).toEqual([
      [
        {
          level: 'warn',
          code: 'external_token_claim_refused',
          detail: `A token of ${server.issuer} was refused: its claim repository_owner is not what requiredClaims says, or missing`,
          options: ['externalTokens'],
        },
      ],
    ])
    expect(await statusOf({ repository_owner: 'acme' })).toBe(200)
  })
})
