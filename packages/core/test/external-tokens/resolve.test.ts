import { describe, expect, it } from 'vitest'
import type { TrustedIssuerOptions } from '../../src/external-tokens/options.js'
import { resolveTrustedIssuers } from '../../src/external-tokens/resolve.js'

const good: TrustedIssuerOptions = { issuer: 'https://idp.test', audience: 'https://gate.test' }

function problemsOf(...options: unknown[]): string[] {
  const problems: string[] = []
  resolveTrustedIssuers(options as TrustedIssuerOptions[], problems, 'https://gate.test')
  return problems
}

describe('the options of trusted issuers', () => {
  it('have defaults for all but issuer and audience', () => {
    const problems: string[] = []
    const [resolved] = resolveTrustedIssuers([good], problems)
    expect(problems).toEqual([])
    expect(Object.isFrozen(resolved)).toBe(true)
    expect(resolved).toMatchObject({
      issuer: 'https://idp.test',
      audiences: new Set(['https://gate.test']),
      algorithms: new Set(['RS256', 'ES256']),
      leewayMs: 30_000,
      scopes: new Map(),
      claims: { userId: ['sub'], email: ['email'], role: ['role'], team: ['team'], scopes: ['scope'] },
      unknownRole: 'user',
      jwksCacheMs: 3_600_000,
      jwksMaxStaleMs: 86_400_000,
      cooldownMs: 30_000,
      timeoutMs: 5000,
    })
    expect(resolveTrustedIssuers(undefined, problems)).toEqual([])
  })

  it.each<[string, object]>([
    ['issuer', { issuer: 'http://idp.test' }],
    ['issuer', { issuer: 'idp' }],
    ['issuer', { issuer: `https://idp.test/${'x'.repeat(500)}` }],
    ['issuer', { issuer: undefined }],
    ['issuer', { issuer: 'https://idp.test?tenant=a' }],
    ['issuer', { issuer: 'https://idp.test#a' }],
    ['issuer', { issuer: 'ftp://localhost' }],
    ['issuer', { issuer: 'http://127.0.0.1.evil.test' }],
    ['issuer', { issuer: 'https://gate.test' }],
    ['audience', { audience: undefined }],
    ['audience', { audience: '' }],
    ['audience', { audience: [] }],
    ['audience', { audience: ['a', 7] }],
    ['jwksUri', { jwksUri: 'http://keys.test' }],
    ['jwksUri', { jwksUri: 'data:application/json,{"keys":[]}' }],
    ['jwksUri', { jwksUri: '' }],
    ['algorithms', { algorithms: ['HS256'] }],
    ['algorithms', { algorithms: ['RS256', 'none'] }],
    ['algorithms', { algorithms: [] }],
    ['algorithms', { algorithms: 'RS256' }],
    ['leewaySeconds', { leewaySeconds: 61 }],
    ['leewaySeconds', { leewaySeconds: -1 }],
    ['leewaySeconds', { leewaySeconds: 1.5 }],
    ['jwksCacheSeconds', { jwksCacheSeconds: 0 }],
    ['jwksMaxStaleSeconds', { jwksMaxStaleSeconds: Number.POSITIVE_INFINITY }],
    ['cooldownSeconds', { cooldownSeconds: 0 }],
    ['timeoutMs', { timeoutMs: '5000' }],
    ['claims.role', { claims: { role: '' } }],
    ['claims.role', { claims: { role: 'a..b' } }],
    ['claims.email', { claims: { email: [] } }],
    ['scopes', { scopes: { openid: ['no-such'] } }],
    ['scopes', { scopes: { openid: 'api' as never } }],
    ['claims', { claims: { mail: 'mail' } }],
    ['roles', { roles: { boss: 'super_admin' } }],
    ['roles', { roles: { boss: 'constructor' } }],
    ['requiredClaims', { requiredClaims: {} }],
    ['requiredClaims', { requiredClaims: ['repository_owner'] }],
    ['requiredClaims\\["a"\\]', { requiredClaims: { a: '' } }],
    ['requiredClaims\\["a"\\]', { requiredClaims: { a: '*' } }],
    ['requiredClaims\\["a"\\]', { requiredClaims: { a: 'x*y' } }],
    ['requiredClaims\\["a"\\]', { requiredClaims: { a: [] } }],
    ['requiredClaims\\["a"\\]', { requiredClaims: { a: ['x', true] } }],
    ['requiredClaims\\["a..b"\\]', { requiredClaims: { 'a..b': 'x' } }],
    ['withoutEmail', { withoutEmail: 'subject' }],
    ['unknownRole', { unknownRole: 'deny' }],
    ['claimsSchema', { claimsSchema: { parse: () => ({}) } }],
  ])('have a problem with %s in %j', (member, changed) => {
    expect(problemsOf({ ...good, ...changed })).toEqual([
      expect.stringMatching(new RegExp(`^externalTokens\\.0\\.${member}: `)),
    ])
  })

  it('report every problem at once, and a repeated issuer', () => {
    expect(problemsOf(good, { ...good, leewaySeconds: 90, algorithms: ['none'] }, null)).toHaveLength(4)
  })

  it('never quote a value, which may hold a password', () => {
    const issuer = 'https://user:hunter2@idp.test'
    const problems = problemsOf({ ...good, issuer, jwksUri: `${issuer}/keys` })
    expect(problems).toHaveLength(2)
    expect(problems.join()).not.toContain('hunter2')
  })

  it('allow plain http on loopback', () => {
    for (const issuer of ['http://localhost:8080', 'http://127.0.0.1', 'http://[::1]:9'])
      expect(problemsOf({ ...good, issuer })).toEqual([])
  })
})
