import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseJsonObject } from '../../src/jws/strict-json.js'

const parse = (text: string) => parseJsonObject(Buffer.from(text))

describe('a JSON object', () => {
  it.each([
    ['{}', {}],
    [' {"a" : [ {"b":1}, {"b":2} ] }\r\n', { a: [{ b: 1 }, { b: 2 }] }],
    ['{"a":{"a":{"a":"a"}}}', { a: { a: { a: 'a' } } }],
    ['{"a":"{\\"a\\":1,\\"a\\":2}"}', { a: '{"a":1,"a":2}' }],
    ['{"a":"\\"","b":"\\\\"}', { a: '"', b: '\\' }],
    ['{"\\ud83d\\ude00":"😀"}', { '😀': '😀' }],
    ['{"a":["a","a","a:","\\":"]}', { a: ['a', 'a', 'a:', '":'] }],
  ])('is read as it is written: %s', (text, value) => {
    expect(parse(text)).toEqual(value)
  })

  it('reads as JSON.parse reads it', () => {
    const member = fc.string({ unit: 'grapheme' }).filter((name) => name !== '__proto__')
    const value = fc.jsonValue({ maxDepth: 5, stringUnit: 'grapheme' })
    fc.assert(
      fc.property(fc.dictionary(member, value), fc.constantFrom(undefined, 1, '\t'), (object, indent) => {
        fc.pre(!JSON.stringify(object).includes('__proto__'))
        const text = JSON.stringify(object, undefined, indent)
        expect(parse(text)).toEqual(JSON.parse(text))
      }),
    )
  })

  it('is refused when a member is repeated anywhere in it (RFC 7493 §2.3)', () => {
    fc.assert(
      fc.property(fc.string(), fc.jsonValue(), fc.nat(20), (name, value, depth) => {
        fc.pre(name !== '__proto__' && !JSON.stringify(value).includes('__proto__'))
        const member = `${JSON.stringify(name)}:${JSON.stringify(value)}`
        const wrap = (inner: string) => `${'{"w":['.repeat(depth / 2)}${inner}${']}'.repeat(depth / 2)}`
        expect(parse(wrap(`{${member},"${name.length}other":1}`))).toBeDefined()
        expect(parse(wrap(`{${member},"${name.length}other":1,${member}}`))).toBeUndefined()
      }),
    )
  })
})

describe('what two parsers could read differently is refused', () => {
  it.each([
    ['a repeated member', '{"a":1,"a":1}'],
    ['a member repeated in another spelling', '{"a":1,"\\u0061":2}'],
    ['a member repeated inside an array', '{"a":[0,{"b":1,"c":{},"b":2}]}'],
    ['a member repeated after white space', '{"a":1,"a" \n:2}'],
    ['a lone high surrogate', '{"a":"\\ud83d"}'],
    ['a lone low surrogate in a name', '{"\\ude00":1}'],
    ['surrogates in the wrong order', '{"a":"\\ude00\\ud83d"}'],
    ['a byte order mark', '\ufeff{}'],
    ['__proto__', '{"__proto__":{"admin":true}}'],
    ['__proto__ in another spelling', '{"a":[{"\\u005f_proto__":1}]}'],
  ])('%s', (_, text) => {
    expect(parse(text)).toBeUndefined()
  })

  it.each([
    ['a stray continuation byte', [0x80]],
    ['an overlong slash', [0xc0, 0xaf]],
    ['a surrogate in UTF-8', [0xed, 0xa0, 0x80]],
    ['a truncated sequence', [0xe2, 0x82]],
    ['a code point past the last', [0xf4, 0x90, 0x80, 0x80]],
  ])('%s (RFC 3629 §3)', (_, bytes) => {
    const text = Buffer.concat([Buffer.from('{"a":"'), Buffer.from(bytes), Buffer.from('"}')])
    expect(parseJsonObject(text)).toBeUndefined()
  })
})

describe('anything else is refused', () => {
  it.each([
    '',
    ' ',
    'null',
    '[]',
    '"a"',
    '1',
    'true',
    '{',
    '{}{}',
    '{} x',
    "{'a':1}",
    '{"a":1,}',
    '{"a":01}',
    '{"a":"\t"}',
    '{"a":NaN}',
    '\u00a0{}',
  ])('%j', (text) => {
    expect(parse(text)).toBeUndefined()
  })

  it('a nesting of more than 32 levels', () => {
    const nested = (levels: number) => `{"a":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`
    expect(parse(nested(32))).toBeDefined()
    expect(parse(nested(33))).toBeUndefined()
    expect(parse(nested(100_000))).toBeUndefined()
  })

  it('more than 256 KiB, and nothing up to there', () => {
    const ofLength = (bytes: number) => `{"a":"${'x'.repeat(bytes - 8)}"}`
    expect(parse(ofLength(262_144))).toBeDefined()
    expect(parse(ofLength(262_145))).toBeUndefined()
    expect(parse(`{"a":"${'\\n'.repeat(130_000)}"}`)).toBeDefined()
  })
})

it('a view into a larger buffer is read within its bounds', () => {
  const buffer = Buffer.from('xx{"a":1}yy')
  expect(parseJsonObject(new Uint8Array(buffer.buffer, buffer.byteOffset + 2, 7))).toEqual({ a: 1 })
})
