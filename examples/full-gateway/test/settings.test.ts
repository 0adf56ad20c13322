import { readFileSync } from 'node:fs'
import { PortcullisError } from '@portcullis/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FIELDS } from '../src/settings/fields.js'
import { readSettings } from '../src/settings.js'

const SECRET = 'Jw6TzBq1Rv8NxK3mHy5LcGd0SfPa9EuO'
const OTHER_SECRET = 'f3Yq0wXn7ZrT5kLb2VhJ8cPdGm4sQaEu'

const PRODUCTION = {
  NODE_ENV: 'production',
  PUBLIC_URL: 'https://gate.example.com',
  OIDC_ISSUER: 'https://login.example.com',
  OIDC_CLIENT_ID: 'gate',
  UPSTREAM_URL: 'http://litellm:4000',
  SUPER_ADMIN_EMAIL: 'root@example.com',
  JWT_SECRET: SECRET,
  SESSION_SECRET: OTHER_SECRET,
}

function problemsOf(env: Record<string, string | undefined>): readonly string[] {
  try {
    readSettings(env)
  } catch (error) {
    if (error instanceof PortcullisError && error.code === 'configuration_invalid') return error.problems
    throw error
  }
  return []
}

describe('without any setting', () => {
  it('the gateway is a demo on loopback that asks for nothing', () => {
    expect(readSettings({})).toEqual({
      production: false,
      port: 8080,
      host: '127.0.0.1',
      publicUrl: 'http://localhost:8080',
      insecurePublicUrl: false,
      framework: 'fastify',
      logLevel: 'info',
      rateLimits: {},
      clientAddress: undefined,
      dataDir: '.data',
      witnessDir: '.data/witness',
      store: { kind: 'embedded' },
      storeWaitSeconds: 60,
      workers: 1,
      strict: false,
      onDataLoss: 'refuse',
      auditRetentionDays: 400,
      maxCredentialsPerAccount: 10_000,
      credentials: {
        masterKey: undefined,
        masterKeyScopes: 'administration',
        requireFreshLogin: undefined,
        tokenRenewal: 'none',
        trustedIssuersFile: undefined,
        trustedIssuer: undefined,
        oauthClientsFile: undefined,
        scimSecrets: undefined,
        allowedEmailDomains: undefined,
      },
      identity: { kind: 'demo', password: undefined, port: 0 },
      upstreams: { kind: 'demo' },
      forwarding: {},
      superAdmins: ['admin@example.com'],
      admins: [],
      roleByGroup: {},
      authRequest: { unauthenticated: 'refuse' },
      signing: { kind: 'generated' },
      sessionSecrets: undefined,
      warnings: [],
    })
  })

  it('an empty setting is the same as none', () => {
    const empty = Object.fromEntries(Object.keys(FIELDS).map((name) => [name, ' ']))
    expect(readSettings(empty)).toEqual(readSettings({}))
  })

  it('the example file can be used as it is', () => {
    const text = readFileSync(new URL('../.env.example', import.meta.url), 'utf8')
    const entries = [...text.matchAll(/^([A-Z_]+)=(.*)$/gm)].map(
      ([, name = '', value = '']) => [name, value] as const,
    )
    expect(entries.map(([name]) => name).sort()).toEqual(Object.keys(FIELDS).sort())
    expect(readSettings(Object.fromEntries(entries))).toEqual(readSettings({}))
  })
})

describe('in production', () => {
  it('a complete configuration starts, and listens on every interface', () => {
    expect(readSettings(PRODUCTION)).toMatchObject({
      production: true,
      host: '0.0.0.0',
      publicUrl: 'https://gate.example.com',
      identity: { kind: 'oidc', clientSecret: undefined, scopes: 'openid email profile' },
      signing: { kind: 'given', paths: [], secrets: [SECRET] },
      sessionSecrets: [OTHER_SECRET],
      superAdmins: ['root@example.com'],
      warnings: [],
    })
  })

  it('the demo parts and generated secrets are refused, all at once, each with what to set', () => {
    const problems = problemsOf({ NODE_ENV: 'production' })
    expect(problems.map((problem) => problem.split(':')[0])).toEqual([
      'OIDC_ISSUER',
      'UPSTREAM_URL',
      'JWT_SECRET',
      'SESSION_SECRET',
    ])
    expect(problems.join()).toContain('openssl rand')
  })

  it.each(['Production', 'prod', 'live'])(
    'NODE_ENV=%s is refused rather than taken for development',
    (NODE_ENV) => {
      expect(problemsOf({ NODE_ENV })).toEqual([expect.stringContaining('NODE_ENV: give production')])
    },
  )

  it.each([
    ['http://gate.example.com', 1],
    ['http://localhost:8080', 0],
    ['http://127.0.0.1:8080', 0],
    ['http://[::1]:8080', 0],
    ['http://127.0.0.1.example.com', 1],
  ])('PUBLIC_URL=%s has %i problem', (PUBLIC_URL, count) => {
    expect(problemsOf({ ...PRODUCTION, PUBLIC_URL })).toHaveLength(count)
  })

  it('PUBLIC_URL=http://… needs to be called insecure outside of production, and is refused in it', () => {
    const PUBLIC_URL = 'http://gate.example.com'
    expect(problemsOf({ PUBLIC_URL })).toEqual([expect.stringContaining('INSECURE_PUBLIC_URL=1')])
    expect(readSettings({ PUBLIC_URL, INSECURE_PUBLIC_URL: '1' }).insecurePublicUrl).toBe(true)
    expect(problemsOf({ ...PRODUCTION, PUBLIC_URL, INSECURE_PUBLIC_URL: '1' })).toEqual([
      'PUBLIC_URL: give an https URL in production',
    ])
  })

  it('an issuer without https is refused', () => {
    expect(problemsOf({ ...PRODUCTION, OIDC_ISSUER: 'http://login.example.com' })).toEqual([
      expect.stringContaining('OIDC_ISSUER: give an https URL'),
    ])
  })

  it('what is probably forgotten is said, and not refused', () => {
    const { PUBLIC_URL: _, SUPER_ADMIN_EMAIL: __, ...forgetful } = PRODUCTION
    const { warnings } = readSettings(forgetful)
    expect(warnings.join()).toContain('PUBLIC_URL')
    expect(warnings.join()).toContain('SUPER_ADMIN_EMAIL')
  })
})

describe('problems', () => {
  it('are listed all at once, one at least for each setting that is wrong', () => {
    const wrong = {
      NODE_ENV: 'prod',
      PORT: '80x',
      HOST: 'http://0.0.0.0',
      PUBLIC_URL: 'https://gate.example.com/path',
      OIDC_ISSUER: 'login.example.com',
      OIDC_SCOPES: 'email',
      DEMO_PROVIDER_PORT: '-1',
      UPSTREAM_URL: 'ftp://llm',
      UPSTREAM_API_KEY: 'two words',
      ANTHROPIC_API_KEY: 'line\nbreak',
      OPENAI_API_KEY: 'sk-ключ',
      SUPER_ADMIN_EMAIL: 'root',
      ADMIN_EMAILS: 'ada@example.com,@,bob',
      JWT_SECRET: 'short',
      JWT_KEY_FILE: ',',
      SESSION_SECRET: 'changeme-changeme-changeme-changeme',
      LOG_LEVEL: 'loud',
      DATA_DIR: 'a\u0000b',
    }
    const problems = problemsOf(wrong)
    const named = new Set(problems.map((problem) => problem.split(':')[0]))
    expect([...named].sort()).toEqual([...Object.keys(wrong), 'OIDC_CLIENT_ID'].sort())
    expect(problems.filter((problem) => problem.startsWith('ADMIN_EMAILS'))).toHaveLength(2)
  })

  it('never quote a secret', () => {
    const names = [
      'JWT_SECRET',
      'SESSION_SECRET',
      'UPSTREAM_API_KEY',
      'ANTHROPIC_API_KEY',
      'OPENAI_API_KEY',
      'OIDC_CLIENT_SECRET',
      'DEMO_PASSWORD',
    ]
    const canaries = Object.fromEntries(names.map((name) => [name, `canary ${name}\u0007`]))
    const UPSTREAM_URL = 'https://user:canary@llm.example.com?key=canary'
    const problems = problemsOf({
      ...canaries,
      UPSTREAM_URL,
      OIDC_ISSUER: UPSTREAM_URL,
      PUBLIC_URL: UPSTREAM_URL,
    })
    expect(problems.length).toBeGreaterThanOrEqual(names.length)
    expect(problems.join('\n')).not.toContain('canary')
  })

  it('are the only thing that any text can cause', () => {
    const name = fc.constantFrom(...Object.keys(FIELDS))
    const env = fc.dictionary(name, fc.oneof(fc.string(), fc.webUrl(), fc.emailAddress()))
    fc.assert(
      fc.property(env, (anything) => {
        for (const problem of problemsOf(anything)) expect(problem).toMatch(/^[A-Z_]+: \S/)
      }),
    )
  })
})

describe('what is forwarded', () => {
  it('is chosen by settings: who calls, what passes, and what pages may do', () => {
    expect(
      readSettings({
        IDENTITY_HEADERS: 'X-LiteLLM-User-Email=email, x-litellm-end-user-id = accountId',
        ALLOW_REQUEST_HEADERS: 'x-litellm-tags, x-acme-*',
        FORWARD_REQUEST_HEADERS: 'listed',
        UPSTREAM_PAGES: 'insecure_same_origin',
      }).forwarding,
    ).toEqual({
      identityHeaders: { 'X-LiteLLM-User-Email': 'email', 'x-litellm-end-user-id': 'accountId' },
      allowRequestHeaders: ['x-litellm-tags', 'x-acme-*'],
      forwardRequestHeaders: 'listed',
      upstreamPages: 'insecure_same_origin',
    })
  })

  it.each([
    ['IDENTITY_HEADERS', 'x-user'],
    ['IDENTITY_HEADERS', 'x-user=password'],
    ['IDENTITY_HEADERS', 'x-user=email=name'],
    ['IDENTITY_HEADERS', 'x user=email'],
    ['ALLOW_REQUEST_HEADERS', 'x y'],
    ['UPSTREAM_PAGES', 'same-origin'],
  ])('%s=%s is a problem', (name, text) => {
    expect(problemsOf({ [name]: text })).toEqual([expect.stringMatching(`^${name}: `)])
  })

  it('is a problem when only listed headers pass and none is listed', () => {
    expect(problemsOf({ FORWARD_REQUEST_HEADERS: 'listed' })).toEqual([
      expect.stringMatching('^ALLOW_REQUEST_HEADERS: '),
    ])
  })
})

describe('PORT', () => {
  it.each(['0', '1', '65535'])('%s is a port', (PORT) => {
    expect(readSettings({ PORT }).port).toBe(Number(PORT))
  })

  it.each(['65536', '1.5', '1e3', '0x50', '99999999'])('%s is not', (PORT) => {
    expect(problemsOf({ PORT })).toHaveLength(1)
  })

  it('0 leaves the public URL to be found out, unless it is given', () => {
    expect(readSettings({ PORT: '0' }).publicUrl).toBeUndefined()
    expect(readSettings({ PORT: '0', PUBLIC_URL: 'https://gate.test/' }).publicUrl).toBe('https://gate.test')
  })
})

describe('HOST', () => {
  it.each(['0.0.0.0', '::', '::1', 'localhost', 'gate.internal'])('%s is one', (HOST) => {
    expect(readSettings({ HOST }).host).toBe(HOST)
  })

  it('that others can reach is said in demo mode, whose identity provider they cannot reach', () => {
    expect(readSettings({ HOST: '0.0.0.0' }).warnings).toEqual([expect.stringContaining('HOST')])
    expect(readSettings({ HOST: '127.0.0.1' }).warnings).toEqual([])
  })
})

describe('the identity provider', () => {
  it('needs a client id, and keeps the issuer exactly as written', () => {
    expect(problemsOf({ OIDC_ISSUER: 'https://login.example.com' })).toEqual([
      expect.stringContaining('OIDC_CLIENT_ID'),
    ])
    const env = {
      OIDC_ISSUER: 'https://login.example.com/tenant/',
      OIDC_CLIENT_ID: 'gate',
      OIDC_CLIENT_SECRET: 'hush',
    }
    expect(readSettings({ ...env, OIDC_SCOPES: 'openid, email groups openid' }).identity).toEqual({
      kind: 'oidc',
      issuer: 'https://login.example.com/tenant/',
      clientId: 'gate',
      clientSecret: 'hush',
      scopes: 'openid email groups',
      emailClaim: 'email',
      emailVerification: 'claim',
      groupsClaim: 'groups',
    })
  })

  it('is believed without email_verified only by a name that says so, and that is said at start', () => {
    const env = { OIDC_ISSUER: 'https://login.example.com', OIDC_CLIENT_ID: 'gate', OIDC_EMAIL_CLAIM: 'upn' }
    expect(problemsOf(env)).toEqual([expect.stringContaining('OIDC_EMAIL_CLAIM')])
    expect(problemsOf({ ...env, OIDC_EMAIL_VERIFICATION: 'off' })).toContainEqual(
      expect.stringContaining('OIDC_EMAIL_VERIFICATION: give claim, insecure-trust-provider or'),
    )
    const { identity, warnings } = readSettings({
      ...env,
      OIDC_EMAIL_VERIFICATION: 'insecure-trust-provider',
    })
    expect(identity).toMatchObject({ emailClaim: 'upn', emailVerification: 'insecure-trust-provider' })
    expect(warnings).toContainEqual(expect.stringContaining('OIDC_EMAIL_VERIFICATION'))
  })

  it('gives roles by groups, but never the highest', () => {
    const { roleByGroup } = readSettings({ ROLE_BY_GROUP: 'platform = admin, cn=guests=viewer' })
    expect(roleByGroup).toEqual({ platform: 'admin', 'cn=guests': 'viewer' })
    for (const wrong of ['root=super_admin', 'platform', '=admin', 'a=b'])
      expect(problemsOf({ ROLE_BY_GROUP: wrong })).toEqual([expect.stringContaining('ROLE_BY_GROUP')])
  })

  it('is not silently the demo when its issuer was forgotten', () => {
    expect(problemsOf({ OIDC_CLIENT_ID: 'gate' })).toEqual([expect.stringContaining('OIDC_ISSUER')])
  })

  it('is named by its issuer, not by its discovery document', () => {
    const OIDC_ISSUER = 'https://login.example.com/.well-known/openid-configuration'
    expect(problemsOf({ OIDC_ISSUER, OIDC_CLIENT_ID: 'gate' })).toEqual([
      expect.stringContaining('.well-known'),
    ])
  })

  it('makes demo settings pointless, which is said', () => {
    const env = { OIDC_ISSUER: 'https://login.example.com', OIDC_CLIENT_ID: 'gate', DEMO_PASSWORD: 'x' }
    expect(
      readSettings({ ...env, SUPER_ADMIN_EMAIL: 'a@b.c', PUBLIC_URL: 'https://g.test' }).warnings,
    ).toEqual([expect.stringContaining('DEMO_PASSWORD')])
  })

  it('of the demo takes a password and a port', () => {
    expect(readSettings({ DEMO_PASSWORD: 'open sesame', DEMO_PROVIDER_PORT: '8081' }).identity).toEqual({
      kind: 'demo',
      password: 'open sesame',
      port: 8081,
    })
  })
})

describe('the upstream', () => {
  const URL_OF_ONE = 'http://litellm:4000'

  it('key is sent for every API', () => {
    const { upstreams, warnings } = readSettings({ UPSTREAM_URL: URL_OF_ONE, UPSTREAM_API_KEY: 'sk-one' })
    const api = { url: URL_OF_ONE, apiKey: 'sk-one' }
    expect(upstreams).toEqual({ kind: 'single', anthropic: api, openai: api })
    expect(warnings).toEqual([])
  })

  it('gets no key when there is none', () => {
    expect(readSettings({ UPSTREAM_URL: URL_OF_ONE }).upstreams).toMatchObject({
      openai: { apiKey: undefined },
    })
  })

  it('is each vendor for its own key, and no other', () => {
    expect(readSettings({ ANTHROPIC_API_KEY: 'sk-a', OPENAI_API_KEY: 'sk-o' }).upstreams).toEqual({
      kind: 'vendors',
      anthropic: { url: 'https://api.anthropic.com', apiKey: 'sk-a' },
      openai: { url: 'https://api.openai.com', apiKey: 'sk-o' },
    })
    expect(readSettings({ ANTHROPIC_API_KEY: 'sk-a' }).upstreams).toMatchObject({ openai: undefined })
    expect(readSettings({ OPENAI_API_KEY: 'sk-o' }).upstreams).toMatchObject({ anthropic: undefined })
  })

  it('gets the keys of vendors, each for its API, when it has none of its own; that is said', () => {
    const { upstreams, warnings } = readSettings({ UPSTREAM_URL: URL_OF_ONE, ANTHROPIC_API_KEY: 'sk-a' })
    expect(upstreams).toMatchObject({
      anthropic: { url: URL_OF_ONE, apiKey: 'sk-a' },
      openai: { apiKey: undefined },
    })
    expect(warnings).toEqual([expect.stringContaining('ANTHROPIC_API_KEY will be sent to UPSTREAM_URL')])
  })

  it('never gets the keys of vendors beside its own', () => {
    const env = {
      UPSTREAM_URL: URL_OF_ONE,
      UPSTREAM_API_KEY: 'sk-one',
      ANTHROPIC_API_KEY: 'sk-a',
      OPENAI_API_KEY: 'sk-o',
    }
    const { upstreams, warnings } = readSettings(env)
    expect(JSON.stringify(upstreams)).not.toMatch(/sk-[ao]"/)
    expect(warnings).toEqual([expect.stringContaining('not used')])
  })

  it('key without an upstream is refused', () => {
    expect(problemsOf({ UPSTREAM_API_KEY: 'sk-one' })).toEqual([expect.stringContaining('UPSTREAM_URL')])
  })

  it.each(['http://litellm:4000/v1', 'http://litellm:4000/v1/'])(
    '%s would double the version, which is said',
    (url) => {
      expect(readSettings({ UPSTREAM_URL: url }).warnings).toEqual([expect.stringContaining('/v1/v1/')])
    },
  )

  it.each(['http://u:p@llm', 'http://llm?x=1', 'http://llm?', 'http://llm#', 'llm:4000', '//llm'])(
    '%s is no address',
    (url) => {
      expect(problemsOf({ UPSTREAM_URL: url })).toHaveLength(1)
    },
  )
})

describe('administrators', () => {
  it('are canonical: every spelling of an e-mail is one account', () => {
    const { superAdmins, admins } = readSettings({
      SUPER_ADMIN_EMAIL: ' Root@Example.com ',
      ADMIN_EMAILS: 'Ada@Example.com, ada@example.com,,bob@example.com',
    })
    expect(superAdmins).toEqual(['root@example.com'])
    expect(admins).toEqual(['ada@example.com', 'bob@example.com'])
  })
})

describe('secrets', () => {
  it('can be several, so that they can be changed without a gap', () => {
    const both = `${SECRET} , ${OTHER_SECRET}`
    const { signing, sessionSecrets } = readSettings({ JWT_SECRET: both, SESSION_SECRET: both })
    expect(signing).toEqual({ kind: 'given', paths: [], secrets: [SECRET, OTHER_SECRET] })
    expect(sessionSecrets).toEqual([SECRET, OTHER_SECRET])
  })

  it.each([
    ['31 bytes', SECRET.slice(0, 31), 'shorter than 32 bytes'],
    ['one letter', 'a'.repeat(64), 'placeholder'],
    ['a placeholder', `your-super-SECRET-here-${SECRET}`, 'placeholder'],
    ['a good one and a short one', `${SECRET},short`, 'number 2 is shorter'],
    ['nothing between commas', ',,', 'give a secret'],
  ])('of %s are refused', (_, SESSION_SECRET, reason) => {
    expect(problemsOf({ SESSION_SECRET })).toEqual([expect.stringContaining(reason)])
  })

  it('of 32 bytes are long enough, also when they are fewer letters', () => {
    expect(problemsOf({ SESSION_SECRET: 'äöüßéàçñøåæœðþžš' })).toEqual([])
  })

  it('and key files sign tokens, several of both', () => {
    expect(readSettings({ JWT_KEY_FILE: 'new.pem, old.jwk', JWT_SECRET: SECRET }).signing).toEqual({
      kind: 'given',
      paths: ['new.pem', 'old.jwk'],
      secrets: [SECRET],
    })
  })
})

describe('a misspelled setting', () => {
  it.each([
    ['OIDC_CLIENTID', 'OIDC_CLIENT_ID'],
    ['OIDC_SCOPE', 'OIDC_SCOPES'],
    ['ADMIN_EMAIL', 'ADMIN_EMAILS'],
    ['LOGLEVEL', 'LOG_LEVEL'],
    ['UPSTREAM_ULR', 'UPSTREAM_URL'],
    ['SESION_SECERT', 'SESSION_SECRET'],
    ['oidc_issuer', 'OIDC_ISSUER'],
  ])('%s is answered with %s', (wrong, right) => {
    expect(readSettings({ [wrong]: 'x' }).warnings).toEqual([
      `${wrong} is not a setting; did you mean ${right}?`,
    ])
  })

  it('is not seen in what every environment has', () => {
    const ambient = [
      'PATH',
      'HOME',
      'HOSTNAME',
      'POST',
      'XDG_DATA_DIRS',
      'NODE_PATH',
      'NODE_OPTIONS',
      'OPENAI_BASE_URL',
      'SHELL',
      'PWD',
      'LS_COLORS',
      'npm_config_loglevel',
    ]
    expect(readSettings(Object.fromEntries(ambient.map((name) => [name, 'x']))).warnings).toEqual([])
  })
})

describe('records in Redis', () => {
  const REDIS_URL = 'redis://redis.example.com:6379'

  it('asks for replicas, strictness and what to do after a loss', () => {
    const env = { REDIS_URL, REDIS_REPLICAS: '2', REDIS_REPLICAS_TIMEOUT_MS: '500', ON_DATA_LOSS: 'accept' }
    expect(readSettings({ ...env, STRICT: '1' })).toMatchObject({
      store: { kind: 'redis', url: REDIS_URL, wait: { replicas: 2, timeoutMs: 500 } },
      onDataLoss: 'accept',
      strict: true,
      warnings: [],
    })
  })

  it.each([
    [{ REDIS_URL, REDIS_CLUSTER: REDIS_URL }, 'REDIS_URL: set one of'],
    [{ REDIS_SENTINELS: 'a:1' }, 'REDIS_MASTER: goes with'],
    [{ REDIS_SENTINELS: 'a', REDIS_MASTER: 'm' }, 'REDIS_SENTINELS: give each sentinel'],
    [{ REDIS_URL: 'http://redis' }, 'REDIS_URL: give a URL'],
    [{ REDIS_URL: `${REDIS_URL}/abc` }, 'REDIS_URL: give the number of a database'],
    [{ REDIS_URL: `${REDIS_URL}/3?db=99` }, 'REDIS_URL: give a URL'],
    [
      { REDIS_CLUSTER: `${REDIS_URL},${REDIS_URL}/3` },
      'REDIS_CLUSTER: number 2: a Cluster has database 0 alone',
    ],
    [{ REDIS_URL, REDIS_REPLICAS: '11' }, 'REDIS_REPLICAS: give a number from 0 to 10'],
    [{ REDIS_URL, REDIS_REPLICAS: 'two' }, 'REDIS_REPLICAS: give a number from 0 to 10'],
    [{ REDIS_URL, ON_DATA_LOSS: 'ignore' }, 'ON_DATA_LOSS: give refuse or accept'],
    [{ STRICT: 'yes' }, 'STRICT: give 1 or 0'],
  ])('refuses %j', (env, problem) => {
    expect(problemsOf(env)).toContainEqual(expect.stringContaining(problem))
  })

  it('says what has no effect without it', () => {
    expect(readSettings({ REDIS_REPLICAS: '1', ON_DATA_LOSS: 'accept' }).warnings).toEqual([
      'REDIS_REPLICAS has no effect without Redis',
      'ON_DATA_LOSS has no effect without Redis',
    ])
  })
})

describe('credentials', () => {
  it('of every kind can be turned on', () => {
    const { credentials } = readSettings({
      MASTER_KEY: SECRET,
      MASTER_KEY_SCOPES: 'everything',
      REQUIRE_FRESH_LOGIN: '24h',
      TOKEN_RENEWAL: 'offer',
      TRUSTED_ISSUER: 'https://ci.example.com',
      TRUSTED_AUDIENCE: 'gate, other',
      TRUSTED_JWKS_URI: 'https://ci.example.com/keys',
      SCIM_SECRET: OTHER_SECRET,
      ALLOWED_EMAIL_DOMAINS: 'example.com, example.org',
    })
    expect(credentials).toEqual({
      masterKey: SECRET,
      masterKeyScopes: 'everything',
      requireFreshLogin: '24h',
      tokenRenewal: 'offer',
      trustedIssuersFile: undefined,
      trustedIssuer: {
        issuer: 'https://ci.example.com',
        audience: ['gate', 'other'],
        jwksUri: 'https://ci.example.com/keys',
      },
      oauthClientsFile: undefined,
      scimSecrets: [OTHER_SECRET],
      allowedEmailDomains: ['example.com', 'example.org'],
    })
  })

  it.each([
    [{ MASTER_KEY: 'short' }, 'MASTER_KEY: '],
    [{ MASTER_KEY_SCOPES: 'everything' }, 'MASTER_KEY_SCOPES: has no effect'],
    [{ REQUIRE_FRESH_LOGIN: '1 day' }, 'REQUIRE_FRESH_LOGIN: give a duration'],
    [{ TOKEN_RENEWAL: 'yes' }, 'TOKEN_RENEWAL: give offer or none'],
    [{ RATE_LIMITS: 'logins_per_minute' }, 'RATE_LIMITS: give off, or limits such as'],
    [{ RATE_LIMITS: 'logins_per_minute=-1' }, 'RATE_LIMITS: give off, or limits such as'],
    [{ TRUSTED_ISSUER: 'https://ci.example.com' }, 'TRUSTED_AUDIENCE: goes with'],
    [{ TRUSTED_AUDIENCE: 'gate' }, 'TRUSTED_AUDIENCE: goes with'],
    [{ TRUSTED_JWKS_URI: 'https://ci.example.com/keys' }, 'TRUSTED_JWKS_URI: goes with'],
    [{ SCIM_SECRET: 'short' }, 'SCIM_SECRET: '],
  ])('are refused as %j', (env, problem) => {
    expect(problemsOf(env)).toContainEqual(expect.stringContaining(problem))
  })
})

describe('addresses and limits', () => {
  it.each([
    ['0', undefined],
    ['', undefined],
    ['2', { hops: 2 }],
    ['10.0.0.0/8, loopback', { trustedProxies: ['10.0.0.0/8', 'loopback'] }],
    ['192.0.2.7', { trustedProxies: ['192.0.2.7'] }],
  ])('TRUST_PROXY=%s', (text, clientAddress) => {
    expect(readSettings({ TRUST_PROXY: text }).clientAddress).toEqual(clientAddress)
  })

  it.each([
    ['', {}],
    ['off', 'off'],
    ['logins_per_minute=600, guesses_per_minute = off', { loginsPerMinute: 600, guessesPerMinute: 'off' }],
    ['device_authorizations_per_minute=7', { deviceAuthorizationsPerMinute: 7 }],
  ])('RATE_LIMITS=%s', (text, rateLimits) => {
    expect(readSettings({ RATE_LIMITS: text }).rateLimits).toEqual(rateLimits)
  })
})
