import { describe, expect, it } from 'vitest'
import { PortcullisError } from '../../src/errors/portcullis-error.js'
import { externalTokens } from '../../src/external-tokens/plugin.js'
import type { GateOptions } from '../../src/gate/gate-options.js'
import { resolveOptions } from '../../src/gate/resolve-options.js'
import { masterKey } from '../../src/master-key/plugin.js'
import { oauth } from '../../src/oauth/plugin.js'
import { scim } from '../../src/scim/plugin.js'
import { memoryStore } from '../../src/store/memory.js'
import { SECRET, SIGNING_SECRET } from './gate-fixture.js'

const good: GateOptions = {
  store: memoryStore(),
  publicUrl: 'https://gate.test',
  secret: SECRET,
  keys: [{ algorithm: 'HS256', secret: SIGNING_SECRET }],
}

function problemsOf(options: GateOptions): readonly string[] {
  try {
    resolveOptions(options)
  } catch (error) {
    if (error instanceof PortcullisError && error.code === 'configuration_invalid') return error.problems
    throw error
  }
  return []
}

describe('options', () => {
  it('are refused with every problem at once', () => {
    const problems = problemsOf({
      ...good,
      publicUrl: 'https://gate.test/path',
      secret: 'short',
      admins: ['nobody'],
      tokens: { minLifetimeSeconds: 1.5 },
      requiredScope: 'unheard-of',
    })
    for (const name of ['publicUrl', 'secret', 'admins', 'tokens.minLifetimeSeconds', 'requiredScope'])
      expect(
        problems.some((problem) => problem.startsWith(`${name}:`)),
        name,
      ).toBe(true)
  })

  it('never quote a secret that they refuse', () => {
    const placeholder = 'changeme-changeme-changeme-changeme-0'
    expect(problemsOf({ ...good, secret: placeholder }).join()).not.toContain(placeholder)
    expect(problemsOf({ ...good, secret: placeholder })).toHaveLength(1)
  })

  it.each([
    'ftp://gate.test',
    'gate.test',
    'https://gate.test/?x',
    'https://u@gate.test',
    'javascript:alert(1)',
  ])('refuse %s as the public URL', (publicUrl) => {
    expect(problemsOf({ ...good, publicUrl })).toHaveLength(1)
  })

  it('cannot be changed after the start', () => {
    const options = resolveOptions(good)
    expect(
      Object.isFrozen(options) && Object.isFrozen(options.tokens) && Object.isFrozen(options.scopes),
    ).toBe(true)
  })

  it('canonicalise the e-mails of administrators', () => {
    expect(resolveOptions({ ...good, superAdmins: [' Root@Example.com'] }).superAdmins).toEqual(
      new Set(['root@example.com']),
    )
  })

  it('that are unknown or of another kind are refused, all at once, with the name that was meant', () => {
    const problems = problemsOf({
      ...good,
      store: '.data',
      scopes: ['x'],
      admin: ['a@example.com'],
      superAdmins: 'root@example.com',
      onEvent: 'log',
      tokens: { maxLifetimeSecond: 60, minLifetimeSeconds: '1m' },
      sessions: { idle: 5 },
      plugins: [
        scim({ secrets: SECRET } as never),
        externalTokens([{ issuer: 'https://a.example', audience: 'b', audiences: ['c'] } as never]),
        oauth({ clients: [{ id: 'a', redirectUri: 'https://a.example' } as never] }),
      ],
      authRequest: { proxi: 'nginx' },
      rateLimits: { loginPerMinute: 5 },
      clientAddress: { trustedProxys: ['private'] },
      keys: [{ algorithm: 'HS256', secret: SIGNING_SECRET, key: 'x' }],
      pages: [{}],
      identityProvider: {},
      clock: 5,
    } as unknown as GateOptions)
    for (const problem of [
      'store: give an object with read, commit, page, count, health, close',
      'scopes: give an object',
      'admin: unknown; admins is meant, perhaps',
      'superAdmins: give an array',
      'onEvent: give a function',
      'tokens.maxLifetimeSecond: unknown; maxLifetimeSeconds is meant, perhaps',
      'tokens.minLifetimeSeconds: give an integer from 1 to 34560000',
      'sessions.idle: unknown',
      'scim.secrets: unknown; secret is meant, perhaps',
      'scim.secret: required',
      'authRequest.proxi: unknown; proxy is meant, perhaps',
      'rateLimits.loginPerMinute: unknown; loginsPerMinute is meant, perhaps',
      'clientAddress.trustedProxys: unknown; trustedProxies is meant, perhaps',
      'oauth.clients[0].redirectUri: unknown; redirectUris is meant, perhaps',
      'externalTokens.0.audiences: unknown; audience is meant, perhaps',
      'keys[0].key: unknown',
      'pages[0]: give an object with owns, isPublic, handle',
      'identityProvider: give an object with begin, complete, logoutUrl, ready',
      'identityProvider.issuer: give a text that is not empty',
      'clock: give a function',
    ])
      expect(problems).toContain(problem)
  })

  it('that name an OAuth client by more than a line of 100 characters are refused', () => {
    for (const name of ['x'.repeat(101), 'a\nb', 'admin\u202e'])
      expect(problemsOf({ ...good, plugins: [oauth({ clients: [{ id: 'a', name }] })] })).toEqual([
        'oauth.clients: the name of a is not one line of at most 100 characters',
      ])
    expect(
      problemsOf({ ...good, plugins: [oauth({ clients: [{ id: 'a', name: 'x'.repeat(100) }] })] }),
    ).toEqual([])
  })

  it('that are missing are named together', () => {
    const problems = ['store: required', 'publicUrl: required', 'secret: required', 'keys: required']
    expect(problemsOf({} as GateOptions)).toEqual(problems)
    expect(problemsOf(undefined as unknown as GateOptions)).toEqual(['give an object'])
    expect(problemsOf({ ...good, secret: [], keys: [] })).toHaveLength(2)
  })

  it.each([
    ['http://gate.test', 1],
    ['http://10.0.0.1:8080', 1],
    ['http://localhost.evil.example', 1],
    ['http://localhost:8080', 0],
    ['http://127.0.0.1', 0],
    ['http://gate.localhost', 0],
    ['http://[::1]:80', 0],
    ['https://gate.test', 0],
  ])('send no cookie over plain http past this host: %s has %i problem', (publicUrl, count) => {
    expect(problemsOf({ ...good, publicUrl })).toHaveLength(count)
    expect(problemsOf({ ...good, publicUrl, insecurePublicUrl: true })).toEqual([])
  })

  it('share no secret between two purposes, and do not quote it', () => {
    const problems = problemsOf({
      ...good,
      secret: [SIGNING_SECRET, SECRET],
      plugins: [
        masterKey({ key: SECRET }),
        scim({ secret: [SECRET] }),
        oauth({ clients: [{ id: 'app', secret: SECRET }] }),
      ],
      keys: [{ algorithm: 'HS256', secret: Buffer.from(SIGNING_SECRET) }],
    })
    expect(problems).toEqual([
      'keys: the same secret as secret; make one for each purpose',
      'masterKey.key: the same secret as secret; make one for each purpose',
      'scim.secret: the same secret as secret; make one for each purpose',
      'oauth.clients: the same secret as secret; make one for each purpose',
    ])
  })

  it('list a secret that is no text beside every other problem', () => {
    const problems = problemsOf({
      ...good,
      publicUrl: 'nowhere',
      plugins: [
        scim({ secret: 5 } as never),
        masterKey({ key: 5 } as never),
        oauth({ clients: [{ id: 'a', secret: 5 } as never] }),
      ],
    } as unknown as GateOptions)
    for (const problem of [
      'scim.secret: give a text or an array of texts',
      'oauth.clients[0].secret: give a text',
      'masterKey.key: give a text',
    ])
      expect(problems).toContain(problem)
    expect(problems.join()).toContain('publicUrl: ')
    expect(
      problemsOf({ ...good, plugins: [scim({ secret: [`${SECRET}-of-a-directory`, 5] } as never)] }),
    ).toEqual(['scim.secret: give a text or an array of texts'])
  })

  it('do not take the same secret twice for two that can be rotated', () => {
    expect(problemsOf({ ...good, secret: [SECRET, SECRET] })).toEqual(['secret: the same secret twice'])
    const twice = `${SECRET}-of-a-directory`
    expect(problemsOf({ ...good, plugins: [scim({ secret: [twice, twice] } as never)] })).toEqual([
      'scim.secret: the same secret twice',
    ])
  })

  it.each([
    'bodyDeadlineMs',
    'storeDeadlineMs',
    'auditRetentionDays',
    'maxCredentialsPerAccount',
    'proofCacheSize',
    'nearCacheSize',
  ])('do not take null for the default of %s', (name) => {
    expect(problemsOf({ ...good, [name]: null })).toEqual([
      expect.stringContaining(`${name}: give an integer`),
    ])
    expect(problemsOf({ ...good, [name]: undefined })).toEqual([])
  })

  it('name every signing key that is of another kind', () => {
    const keys = [{ algorithm: 'HS256', secret: 5 }, { privateKey: {} }, null, { algorithm: 'HS256' }]
    expect(problemsOf({ ...good, keys } as unknown as GateOptions)).toEqual([
      'keys[0].secret: give a text or bytes',
      'keys[1].privateKey: give PEM as a text, or a JWK',
      'keys[2]: give an object',
      'keys[3]: give one of secret, privateKey, publicKey',
    ])
  })

  it('name a trusted issuer that is no object, and a limit of one that is null', () => {
    const issuers = [null, { issuer: 'https://a.example', audience: 'b', timeoutMs: null }]
    expect(problemsOf({ ...good, plugins: [externalTokens(issuers as never)] })).toEqual([
      'externalTokens.0: give an object',
      'externalTokens.1.timeoutMs: give an integer from 100 to 60000',
    ])
  })

  it.each([
    ['NaN', () => Number.NaN],
    ['a text', () => '1'],
    ['a promise', async () => 1],
    ['nothing', () => undefined],
    [
      'an error',
      () => {
        throw new Error('broken')
      },
    ],
  ])('do not take a clock that answers %s, by which nothing would expire', (_, clock) => {
    expect(problemsOf({ ...good, clock } as unknown as GateOptions)).toEqual([
      'clock: give a function that answers milliseconds as a finite number',
    ])
  })

  it('do not go on by a clock that stops answering numbers', () => {
    let now = 1
    const { clock } = resolveOptions({ ...good, clock: () => now })
    expect(clock()).toBe(1)
    now = Number.NaN
    expect(clock).toThrow(expect.objectContaining({ code: 'configuration_invalid' }))
  })
})
