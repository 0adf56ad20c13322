import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import { CompactSign, exportJWK, generateKeyPair, generateSecret, type JWK } from 'jose'
import { describe, expect, it } from 'vitest'
import { verifyJws } from '../../src/jws/verify.js'
import { VECTORS } from './rfc-vectors.js'

const text = (payload: Uint8Array) => Buffer.from(payload).toString()
const base64url = (value: string | Uint8Array) => Buffer.from(value).toString('base64url')

/** The payload that RFC 7515 Appendix A signs. */
const JOE = 'eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ'
const SECRET = 'AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow'
const HS256 = `eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.${JOE}.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk`
const HMAC: JWK = { kty: 'oct', k: SECRET }
const EC: JWK = {
  kty: 'EC',
  crv: 'P-256',
  x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
  y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
}

const ALGORITHMS = ['HS', 'RS', 'PS', 'ES']
  .flatMap((family) => [`${family}256`, `${family}384`, `${family}512`])
  .concat('EdDSA', 'Ed25519')

async function codeOf(compact: string, key: JWK = HMAC, algorithm = 'HS256'): Promise<string> {
  return verifyJws(compact, { keys: [key], algorithm }).then(
    () => 'accepted',
    (error: { code?: string }) => error.code ?? String(error),
  )
}

/** Really signed, with whatever header: only the header can be the reason for a refusal. */
async function signed(header: Record<string, unknown>, payload: string | Uint8Array = '{}'): Promise<string> {
  const key = Buffer.from(SECRET, 'base64url')
  const input = `${base64url(JSON.stringify(header))}.${base64url(payload)}`
  return `${input}.${createHmac('sha256', key).update(input).digest('base64url')}`
}

describe('the published examples', () => {
  it.each(VECTORS.map((vector) => [vector.source, vector.algorithm, vector] as const))(
    '%s verifies with %s',
    async (_source, algorithm, { compact, key, payload: beginning }) => {
      const { protectedHeader, payload } = await verifyJws(compact, { keys: [key], algorithm })
      expect(protectedHeader.alg).toBe(algorithm)
      expect(text(payload).replaceAll(/\s*\n\s*/g, '')).toMatch(beginning)
    },
  )

  it.each(VECTORS.map((vector) => [vector.source, vector] as const))(
    '%s is refused under any other algorithm (RFC 8725 §3.1)',
    async (_source, { compact, key, algorithm: own }) => {
      for (const algorithm of ALGORITHMS.filter((name) => name !== own))
        expect(await codeOf(compact, key, algorithm)).toBe('jws_algorithm_refused')
    },
  )

  it('RFC 7515 A.5: an unsecured token is refused', async () => {
    expect(await codeOf(`eyJhbGciOiJub25lIn0.${JOE}.`)).toBe('jws_malformed')
    expect(await codeOf(`eyJhbGciOiJub25lIn0.${JOE}.`, HMAC, 'none')).toBe('jws_malformed')
    expect(await codeOf(await signed({ alg: 'none' }), HMAC, 'none')).toBe('jws_algorithm_refused')
  })
})

describe('one token has one spelling', () => {
  const [header = '', payload = '', signature = ''] = HS256.split('.')
  const lastChar = signature.at(-1) ?? ''
  const sibling = String.fromCharCode(lastChar.charCodeAt(0) + 1)

  it.each([
    ['padding', `${header}.${payload}.${signature}=`],
    ['another last character with the same bits', `${header}.${payload}.${signature.slice(0, -1)}${sibling}`],
    ['the other alphabet', `${header}.${payload}.${signature.replaceAll('-', '+').replaceAll('_', '/')}`],
    ['white space', `${header}.${payload}.${signature} `],
    ['a line break', `${header}.${payload}.${signature}\n`],
    ['a line break inside', `${header}\n.${payload}.${signature}`],
    ['a fourth part', `${HS256}.`],
    ['five parts, as an encrypted token has', `${HS256}.x.y`],
    ['two parts', `${header}.${payload}`],
    ['nothing', ''],
    ['an empty header', `.${payload}.${signature}`],
    ['an empty signature', `${header}.${payload}.`],
    ['more than 256 KiB', `${header}.${'A'.repeat(262_144)}.${signature}`],
  ])('a token with %s is malformed', async (_, compact) => {
    expect(compact).not.toBe(HS256)
    expect(await codeOf(compact)).toBe('jws_malformed')
  })

  it('any change of one character is refused', async () => {
    const alphabet = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=.+/ ']
    await fc.assert(
      fc.asyncProperty(fc.nat(HS256.length - 1), fc.constantFrom(...alphabet), async (at, character) => {
        const changed = HS256.slice(0, at) + character + HS256.slice(at + 1)
        if (changed !== HS256) expect(await codeOf(changed)).not.toBe('accepted')
      }),
      { numRuns: 300 },
    )
  })
})

describe('the payload', () => {
  it.each([
    ['nothing', Buffer.alloc(0)],
    ['bytes that are no text', Buffer.from([0, 0xff, 0xc0, 0x80])],
    ['100 kB', Buffer.alloc(100_000, 'x')],
  ])('may be %s (RFC 7515 §3)', async (_, bytes) => {
    const compact = await signed({ alg: 'HS256' }, bytes)
    const { payload } = await verifyJws(compact, { keys: [HMAC], algorithm: 'HS256' })
    expect(bytes.equals(payload)).toBe(true)
  })
})

describe('the header', () => {
  it.each([
    'none',
    'None',
    'NONE',
    'nOnE',
    '',
    'HS512',
    'hs256',
    'HS256 ',
    'RS256',
    'dir',
    256,
    null,
    ['HS256'],
  ])('may not name the algorithm %j (RFC 8725 §3.1)', async (alg) => {
    expect(await codeOf(await signed({ alg }))).toBe('jws_algorithm_refused')
  })

  it.each([
    ['jwk', HMAC],
    ['jku', 'https://evil.test/jwks'],
    ['x5u', 'https://evil.test/cert'],
    ['x5c', ['MII']],
    ['crit', ['exp']],
    ['crit', []],
    ['b64', false],
    ['b64', true],
    ['zip', 'DEF'],
    ['enc', 'A128GCM'],
  ])('may not carry %s', async (member, value) => {
    expect(await codeOf(await signed({ alg: 'HS256', [member]: value }))).toBe('jws_header_refused')
  })

  it.each([
    '[]',
    'null',
    '"HS256"',
    '{"alg":"HS256","alg":"HS256"}',
    '{"alg":"HS256","a":{"b":1,"b":2}}',
    '{',
    '\ufeff{"alg":"HS256"}',
  ])('may not be %j', async (header) => {
    const compact = `${base64url(header)}.${base64url('{}')}.${base64url('x'.repeat(32))}`
    expect(await codeOf(compact)).toBe('jws_malformed')
  })

  it('may not be invalid UTF-8', async () => {
    const header = Buffer.concat([
      Buffer.from('{"alg":"HS256","x":"'),
      Buffer.from([0xff]),
      Buffer.from('"}'),
    ])
    expect(await codeOf(`${header.toString('base64url')}.e30.${base64url('x'.repeat(32))}`)).toBe(
      'jws_malformed',
    )
  })
})

describe('the key', () => {
  it('is not looked at before structure, header and algorithm have passed', async () => {
    const untouchable = new Proxy<JWK>(HMAC, {
      get: () => {
        throw new Error('a key was used')
      },
    })
    const refused = [
      `${HS256}=`,
      await signed({ alg: 'none' }),
      await signed({ alg: 'HS512' }),
      await signed({ alg: 'HS256', jku: 'https://evil.test/jwks' }),
    ]
    for (const compact of refused) expect(await codeOf(compact, untouchable)).toMatch(/^jws_/)
    expect(await codeOf(HS256, untouchable)).toContain('a key was used')
  })

  it('decides the algorithm, never the header: an RSA or EC key is no HMAC secret', async () => {
    expect(await codeOf(HS256, EC, 'HS256')).toBe('jws_key_refused')
    expect(await codeOf(HS256, HMAC, 'ES256')).toBe('jws_algorithm_refused')
  })

  it.each([
    ['is for another algorithm', { alg: 'HS512' }],
    ['is for encryption', { use: 'enc' }],
    ['may not verify', { key_ops: ['encrypt'] }],
    ['is shorter than the hash (RFC 7518 §3.2)', { k: base64url('x'.repeat(31)) }],
    ['is empty', { k: '' }],
  ])('is refused when it %s', async (_, member) => {
    expect(await codeOf(HS256, { ...HMAC, ...member })).toBe('jws_key_refused')
  })

  it('is chosen by its kid, and unknown when no key goes by it', async () => {
    const compact = await signed({ alg: 'HS256', kid: 'b' })
    const other = { ...HMAC, kid: 'a', k: base64url('y'.repeat(32)) }
    const right = { ...HMAC, kid: 'b' }
    const { protectedHeader } = await verifyJws(compact, { keys: [other, right], algorithm: 'HS256' })
    expect(protectedHeader).toEqual({ alg: 'HS256', kid: 'b' })
    await expect(verifyJws(compact, { keys: [other], algorithm: 'HS256' })).rejects.toMatchObject({
      code: 'jws_key_unknown',
    })
  })

  it('without a kid stands in only where no key goes by the kid', async () => {
    const compact = await signed({ alg: 'HS256', kid: 'b' })
    const wrong = { ...HMAC, kid: 'b', k: base64url('y'.repeat(32)) }
    expect(await codeOf(compact, HMAC)).toBe('accepted')
    await expect(verifyJws(compact, { keys: [HMAC, wrong], algorithm: 'HS256' })).rejects.toMatchObject({
      code: 'jws_signature_invalid',
    })
  })

  it('is found among all keys for a token without a kid, past those that are meant for something else', async () => {
    const keys = [{ ...HMAC, use: 'enc' }, { ...HMAC, kid: 'a', k: base64url('y'.repeat(32)) }, HMAC]
    const { payload } = await verifyJws(HS256, { keys, algorithm: 'HS256' })
    expect(payload).toEqual((await verifyJws(HS256, { keys: [HMAC], algorithm: 'HS256' })).payload)
  })

  it('is refused when another for the same purpose has its kid', async () => {
    const compact = await signed({ alg: 'HS256', kid: 'a' })
    const keys = [
      { ...HMAC, kid: 'a' },
      { ...HMAC, kid: 'a', k: base64url('y'.repeat(32)) },
    ]
    await expect(verifyJws(compact, { keys, algorithm: 'HS256' })).rejects.toMatchObject({
      code: 'jws_key_refused',
    })
  })

  it('is refused when secrets and public keys are mixed in one set', async () => {
    await expect(verifyJws(HS256, { keys: [HMAC, EC], algorithm: 'HS256' })).rejects.toMatchObject({
      code: 'jws_key_refused',
    })
  })

  it('must be there', async () => {
    await expect(verifyJws(HS256, { keys: [], algorithm: 'HS256' })).rejects.toMatchObject({
      name: 'JwsError',
      code: 'jws_key_unknown',
    })
  })

  it('may be a private one, of which the public half verifies', async () => {
    const { privateKey } = await generateKeyPair('ES256', { extractable: true })
    const key = { ...(await exportJWK(privateKey)), key_ops: ['sign'] }
    const compact = await new CompactSign(new Uint8Array())
      .setProtectedHeader({ alg: 'ES256' })
      .sign(privateKey)
    expect(await codeOf(compact, key, 'ES256')).toBe('accepted')
  })

  it('of someone else does not confirm the signature', async () => {
    const key = await generateSecret('HS256', { extractable: true })
    const compact = await new CompactSign(new Uint8Array())
      .setProtectedHeader({ alg: 'HS256' })
      .sign(key as never)
    expect(await codeOf(compact)).toBe('jws_signature_invalid')
  })

  it('takes no ECDSA signature but r and s of full length (RFC 7518 §3.4)', async () => {
    const der = base64url('0E'.padEnd(70, 'x'))
    expect(await codeOf(`eyJhbGciOiJFUzI1NiJ9.${JOE}.${der}`, EC, 'ES256')).toBe('jws_signature_invalid')
  })
})
