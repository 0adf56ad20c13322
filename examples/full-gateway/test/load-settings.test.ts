import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { PortcullisError } from '@portcullis/core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { loadSettings } from '../src/load-settings.js'
import { signingKeys } from '../src/signing.js'
import { runGateway } from './gateway-fixture.js'

const SECRET = 'q7Zt2WmX9cVb4NkL8pRj3GhD6sFaYeUu'
const OTHER = 'w4Rm8ZkQ1tYx6BnC3vHs9LpJ2dFg7KeA'

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'portcullis-settings-'))
})
afterEach(() => rm(directory, { recursive: true }))

async function fileWith(name: string, text: string, mode = 0o600): Promise<string> {
  const file = path.join(directory, name)
  await writeFile(file, text, { mode })
  return file
}

async function problemsOf(env: Record<string, string>): Promise<readonly string[]> {
  try {
    await loadSettings({ DATA_DIR: directory, ...env })
    return []
  } catch (error) {
    if (error instanceof PortcullisError) return error.problems
    throw error
  }
}

describe('at start', () => {
  it('what is wrong with files is listed together with everything else', async () => {
    const problems = await problemsOf({
      PORT: '70000',
      JWT_KEY_FILE: `${path.join(directory, 'missing.pem')}, ${await fileWith('bad.pem', 'no key')}`,
      TRUSTED_ISSUERS_FILE: await fileWith('issuers.json', '{'),
      OAUTH_CLIENTS_FILE: path.join(directory, 'none.json'),
    })
    for (const part of ['PORT', 'missing.pem', 'bad.pem', 'TRUSTED_ISSUERS_FILE', 'OAUTH_CLIENTS_FILE'])
      expect(problems).toContainEqual(expect.stringContaining(part))
    expect(problems).toHaveLength(5)
  })

  it('an unusable data directory is listed together with settings that are wrong elsewhere', async () => {
    const problems = await problemsOf({
      PORT: '70000',
      OIDC_ISSUER: 'nonsense',
      DATA_DIR: '/proc/portcullis',
      WITNESS_DIR: await fileWith('witness', ''),
      JWT_KEY_FILE: path.join(directory, 'missing.pem'),
    })
    for (const part of ['PORT', 'OIDC_ISSUER', 'DATA_DIR: /proc/portcullis', 'WITNESS_DIR', 'missing.pem'])
      expect(problems).toContainEqual(expect.stringContaining(part))
  })

  it('a directory for the witness that was asked for has to work, behind Redis too', async () => {
    const problems = await problemsOf({ REDIS_URL: 'redis://127.0.0.1:1', WITNESS_DIR: '/proc/witness' })
    expect(problems).toEqual([expect.stringMatching(/^WITNESS_DIR: \/proc\/witness /)])
  })

  it('what the gate would refuse of files and settings is listed too, before any store is waited for', async () => {
    const problems = await problemsOf({
      PORT: '70000',
      TRUSTED_ISSUERS_FILE: await fileWith('issuers.json', '[{"issuer":"https://idp.example.com"}]'),
      OAUTH_CLIENTS_FILE: await fileWith('clients.json', '[{"id":"app","redirectURI":"https://a.example"}]'),
      RATE_LIMITS: 'guesses=5',
      TRUST_PROXY: 'everybody',
      MASTER_KEY: SECRET,
      SESSION_SECRET: SECRET,
    })
    const named = problems.map((problem) => problem.split(':', 1)[0])
    for (const setting of [
      'PORT',
      'TRUSTED_ISSUERS_FILE',
      'OAUTH_CLIENTS_FILE',
      'RATE_LIMITS',
      'TRUST_PROXY',
    ])
      expect(named).toContain(setting)
    expect(problems).toContainEqual(expect.stringContaining('the same secret as'))
    expect(problems.join()).not.toContain(SECRET)
    expect(problems).not.toContainEqual(expect.stringContaining('required'))
  })

  it.each(['SESSION_SECRET', 'JWT_SECRET', 'SCIM_SECRET', 'MASTER_KEY'])(
    'the secret that the provider knows is not %s too, also among several',
    async (name) => {
      const second = SECRET.split('').reverse().join('')
      const value = name === 'MASTER_KEY' ? SECRET : `${second},${SECRET}`
      const problems = await problemsOf({ OIDC_CLIENT_SECRET: SECRET, [name]: value })
      expect(problems).toContainEqual(
        `OIDC_CLIENT_SECRET: the same secret as ${name}; make one for each purpose`,
      )
      expect(problems.join()).not.toContain(SECRET)
    },
  )

  it('the secret that the provider knows is not that of an OAuth client', async () => {
    const clients = JSON.stringify([{ id: 'app', secret: SECRET }])
    expect(
      await problemsOf({ OIDC_CLIENT_SECRET: SECRET, OAUTH_CLIENTS_FILE: await fileWith('c.json', clients) }),
    ).toContainEqual(expect.stringContaining('the same secret as OAUTH_CLIENTS_FILE'))
  })

  it('a secret that the store was not written with is said by the name of its setting', async () => {
    const first = await runGateway({ DATA_DIR: directory, SESSION_SECRET: SECRET })
    await first.stop()
    const another = runGateway({ DATA_DIR: directory, SESSION_SECRET: SECRET.split('').reverse().join('') })
    await expect(another).rejects.toMatchObject({
      problems: [expect.stringMatching(/^SESSION_SECRET: .*written with another secret/)],
    })
  })

  it('what the forwarder would refuse is listed by its settings, before any store is waited for', async () => {
    const problems = await problemsOf({
      PORT: '70000',
      IDENTITY_HEADERS: 'authorization=email',
      ALLOW_REQUEST_HEADERS: 'cookie',
    })
    for (const setting of ['PORT', 'IDENTITY_HEADERS', 'ALLOW_REQUEST_HEADERS'])
      expect(problems).toContainEqual(expect.stringMatching(new RegExp(`^${setting}: `)))
    expect(problems).toHaveLength(3)
  })

  it('keys of files that the gate would refuse are named by setting and file', async () => {
    const weak = await fileWith('weak.jwk', JSON.stringify({ kty: 'oct', k: 'AAAA' }))
    const shared = await fileWith(
      'shared.jwk',
      JSON.stringify({ kty: 'oct', k: Buffer.from(SECRET).toString('base64url') }),
    )
    const problems = await problemsOf({ JWT_KEY_FILE: `${weak},${shared}`, SESSION_SECRET: SECRET })
    expect(problems).toEqual([
      expect.stringMatching(/^JWT_KEY_FILE: .*weak\.jwk: the secret is shorter than 32 bytes/),
      expect.stringMatching(/^JWT_KEY_FILE: keys: the same secret as secret/),
    ])
  })

  it('a data directory that was asked for is named beside a Redis that is none', async () => {
    const problems = await problemsOf({
      NODE_ENV: 'production',
      DATA_DIR: '/proc/portcullis',
      REDIS_URL: 'redis://127.0.0.1/abc',
    })
    for (const setting of ['REDIS_URL', 'DATA_DIR: /proc/portcullis'])
      expect(problems).toContainEqual(expect.stringContaining(setting))
  })

  it.each([
    ['cannot be made', () => '/proc/portcullis'],
    ['is no directory', () => fileWith('file', '')],
    ['is below a file', async () => path.join(await fileWith('file', ''), 'below')],
  ])('a data directory that %s is an error within a second', async (_, make) => {
    const dataDir = await make()
    const began = performance.now()
    expect(await problemsOf({ DATA_DIR: dataDir })).toEqual([
      expect.stringMatching(
        new RegExp(`^DATA_DIR: ${dataDir} .*give a directory that this process may write$`),
      ),
    ])
    expect(performance.now() - began).toBeLessThan(1500)
  })

  it('a data directory that nothing is kept in may be unusable', async () => {
    const env = {
      DATA_DIR: '/proc/portcullis',
      REDIS_URL: 'redis://127.0.0.1:1',
      JWT_SECRET: SECRET,
      SESSION_SECRET: SECRET.toLowerCase(),
      OIDC_ISSUER: 'https://idp.example.com',
      OIDC_CLIENT_ID: 'gate',
    }
    const { witnessDir, warnings } = await loadSettings(env)
    expect(witnessDir).toBeUndefined()
    expect(warnings).toContainEqual(expect.stringContaining('WITNESS_DIR'))
  })

  it('leaves nothing of its look into the data directory behind', async () => {
    await loadSettings({ DATA_DIR: directory })
    expect(await readdir(directory)).toEqual([])
  })
})

describe('keys of both kinds', () => {
  it('sign in order: key files, then secrets, so that a move from one to the other ends no token', async () => {
    const jwk = JSON.stringify({ kty: 'oct', k: Buffer.from(OTHER).toString('base64url') })
    const settings = await loadSettings({
      DATA_DIR: directory,
      JWT_KEY_FILE: await fileWith('secret.jwk', jwk),
      JWT_SECRET: SECRET,
    })
    const keys = await signingKeys(settings)
    expect(keys).toEqual([
      { algorithm: 'HS256', secret: Buffer.from(OTHER) },
      { algorithm: 'HS256', secret: SECRET },
    ])
  })
})
