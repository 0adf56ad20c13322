import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeBase64url, parseCompact } from '../../src/jws/compact.js'

const base64url = (value: string | Uint8Array) => Buffer.from(value).toString('base64url')
/** Whole groups of four; a shorter last one ends in a character whose unused bits are zero. */
const CANONICAL = /^(?:[\w-]{4})*(?:[\w-][AQgw]|[\w-]{2}[AEIMQUYcgkosw048])?$/
const HEADER = base64url('{"alg":"HS256"}')

describe('base64url', () => {
  it('is read as it is written (RFC 4648 §5)', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(decodeBase64url(base64url(bytes))).toEqual(Buffer.from(bytes))
      }),
    )
  })

  it('has one spelling: no two texts are read as the same bytes (RFC 4648 §3.5)', () => {
    const character = fc.constantFrom(...'ABYZabyz0189-_+/= \n\t.\0é')
    fc.assert(
      fc.property(fc.string({ unit: character, maxLength: 12 }), (text) => {
        const bytes = decodeBase64url(text)
        expect(bytes !== undefined).toBe(CANONICAL.test(text))
        if (bytes) expect(base64url(bytes)).toBe(text)
      }),
    )
  })

  it.each(['A', 'AAAAA', 'AB', 'AAB', 'AA=', 'AA==', 'AA ', ' AA', 'A\nA', '+A', '/A', 'AA\0', 'é', 'ＡＡ'])(
    '%j is refused',
    (text) => {
      expect(decodeBase64url(text)).toBeUndefined()
    },
  )
})

describe('a compact JWS (RFC 7515 §7.1)', () => {
  it('is taken apart', () => {
    expect(parseCompact(`${HEADER}.${base64url('payload')}.${base64url('signature')}`, 1000)).toEqual({
      header: { alg: 'HS256' },
      signature: Buffer.from('signature'),
    })
  })

  it('may have an empty payload', () => {
    expect(parseCompact(`${HEADER}..AA`, 1000)).toBeDefined()
  })

  it.each([
    '',
    '.',
    '..',
    '...',
    HEADER,
    `${HEADER}.`,
    `${HEADER}.AA`,
    `${HEADER}.AA.`,
    `.AA.AA`,
    `${HEADER}.AA.AA.`,
    `${HEADER}.AA.AA.AA`,
    `${HEADER}.AA.AA.AA.AA`,
    `.${HEADER}.AA.AA`,
    `${HEADER}.AB.AA`,
    `${HEADER}.AA.AB`,
    `${HEADER} .AA.AA`,
    `${base64url('[]')}.AA.AA`,
    `${base64url('{"alg":"HS256","alg":"none"}')}.AA.AA`,
    `{"protected":"${HEADER}","payload":"AA","signature":"AA"}`,
  ])('is not %j', (text) => {
    expect(parseCompact(text, 1000)).toBeUndefined()
  })

  it('is not anything but text', () => {
    for (const value of [undefined, null, 1, {}, [HEADER, 'AA', 'AA'], Buffer.from(`${HEADER}.AA.AA`)])
      expect(parseCompact(value as string, 1000)).toBeUndefined()
  })

  it('is at most as long as is allowed', () => {
    const compact = `${HEADER}.AA.AA`
    expect(parseCompact(compact, compact.length)).toBeDefined()
    expect(parseCompact(compact, compact.length - 1)).toBeUndefined()
  })
})
