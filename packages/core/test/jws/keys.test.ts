import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { keyRing } from '../../src/jws/keys.js'
import type { SigningKeyOptions } from '../../src/jws/signing-key.js'
import { SECRET, SIGNING_SECRET } from '../gate/gate-fixture.js'

function pem(type: 'rsa' | 'ec' | 'ed25519', bits = 2048): string {
  const pair =
    type === 'rsa'
      ? generateKeyPairSync('rsa', { modulusLength: bits })
      : type === 'ec'
        ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
        : generateKeyPairSync('ed25519')
  return pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
}

const rsa: SigningKeyOptions = { algorithm: 'RS256', privateKey: pem('rsa') }
const ec: SigningKeyOptions = { algorithm: 'ES256', privateKey: pem('ec') }
const ed: SigningKeyOptions = { algorithm: 'EdDSA', privateKey: pem('ed25519') }
const hmac: SigningKeyOptions = { algorithm: 'HS256', secret: SIGNING_SECRET }

async function problemsOf(keys: SigningKeyOptions[]): Promise<readonly string[]> {
  const error = await keyRing(keys).then(
    () => undefined,
    (cause: unknown) => cause,
  )
  expect(error).toMatchObject({ code: 'configuration_invalid' })
  return (error as { problems: string[] }).problems
}

describe('the key ring', () => {
  it.each([
    ['HS256', hmac],
    ['RS256', rsa],
    ['ES256', ec],
    ['EdDSA', ed],
  ])('signs and verifies with %s, naming algorithm, key and type', async (algorithm, key) => {
    const ring = await keyRing([key])
    const token = await ring.sign({ sub: 'x' }, 'at+jwt')
    const { protectedHeader, payload } = await ring.verify(token)
    expect(protectedHeader).toMatchObject({ alg: algorithm, typ: 'at+jwt' })
    expect(protectedHeader.kid).toMatch(/^[\w-]{16,43}$/)
    expect(JSON.parse(Buffer.from(payload).toString())).toEqual({ sub: 'x' })
  })

  it('signs with the first and verifies with all, so keys can be rotated', async () => {
    const old = await (await keyRing([hmac])).sign({}, 'at+jwt')
    const rotated = await keyRing([ed, hmac])
    await rotated.verify(old)
    expect((await rotated.verify(await rotated.sign({}, 'at+jwt'))).protectedHeader.alg).toBe('EdDSA')
    await expect((await keyRing([ed])).verify(old)).rejects.toMatchObject({ code: 'jws_key_unknown' })
  })

  it('names each key the same on every machine, and tells nothing of a secret by it', async () => {
    const kid = async () => {
      const ring = await keyRing([hmac])
      return (await ring.verify(await ring.sign({}, 't'))).protectedHeader.kid
    }
    expect(await kid()).toBe(await kid())
    expect(SIGNING_SECRET).not.toContain(await kid())
  })

  it('publishes the public halves and nothing else (RFC 7517 §9.2)', async () => {
    const ring = await keyRing([hmac, rsa, ec, ed])
    const published = ring.jwks().keys
    expect(published.map((key) => [key.alg, key.use])).toEqual([
      ['RS256', 'sig'],
      ['ES256', 'sig'],
      ['EdDSA', 'sig'],
    ])
    for (const key of published)
      for (const member of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'])
        expect(key).not.toHaveProperty(member)
  })

  it('does not take a key of one algorithm for another’s (RFC 8725 §3.1)', async () => {
    const ring = await keyRing([ec, hmac])
    const [header, payload, signature] = (await ring.sign({}, 'at+jwt')).split('.')
    const forged = { ...JSON.parse(Buffer.from(header ?? '', 'base64url').toString()), alg: 'HS256' }
    const compact = [Buffer.from(JSON.stringify(forged)).toString('base64url'), payload, signature].join('.')
    await expect(ring.verify(compact)).rejects.toMatchObject({ name: 'JwsError' })
  })

  it('is refused with every problem at once and no secret', async () => {
    const weak = 'short-and-weak'
    const problems = await problemsOf([
      { algorithm: 'HS256', secret: weak },
      { algorithm: 'HS256', secret: 'changeme'.repeat(5) },
      { algorithm: 'HS256', secret: 'a'.repeat(64) },
      { algorithm: 'RS256', privateKey: 'no key' },
      { algorithm: 'RS256', privateKey: pem('ec') },
      { algorithm: 'RS256', privateKey: pem('rsa', 1024) },
    ])
    expect(problems.map((problem) => problem.split(':')[0])).toEqual(
      [0, 1, 2, 3, 4, 5].map((index) => `keys[${index}]`),
    )
    expect(problems.join()).not.toContain(weak)
  })

  it('is refused when it is empty, cannot sign first, or names two keys alike', async () => {
    await problemsOf([])
    await problemsOf([hmac, hmac])
    await problemsOf([
      { ...hmac, kid: 'same' },
      { algorithm: 'HS256', secret: SECRET, kid: 'same' },
    ])
    const { publicKey } = generateKeyPairSync('ed25519')
    const spki = publicKey.export({ type: 'spki', format: 'pem' }).toString()
    await problemsOf([{ algorithm: 'EdDSA', publicKey: spki }])
    await keyRing([hmac, { algorithm: 'EdDSA', publicKey: spki }])
  })
})
