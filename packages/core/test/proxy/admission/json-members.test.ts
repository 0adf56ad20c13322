import { describe, expect, it } from 'vitest'
import { MemberEditor } from '../../../src/proxy/admission/edit-members.js'
import { JsonMembers } from '../../../src/proxy/admission/json-members.js'

const WANTED = ['model', 'stream', 'stream_options', 'größe']

function scan(chunks: readonly Buffer[], names = WANTED, atMost = 64): JsonMembers {
  const members = new JsonMembers(names, atMost)
  for (const chunk of chunks) members.scan(chunk)
  members.end()
  return members
}

/** The text in two chunks, cut at every byte, then byte by byte. */
function* cuts(text: string): Generator<Buffer[]> {
  const bytes = Buffer.from(text)
  for (let at = 0; at <= bytes.length; at++) yield [bytes.subarray(0, at), bytes.subarray(at)]
  yield [...bytes].map((byte) => Buffer.from([byte]))
}

const SOUND = [
  '{}',
  ' { \n\t} \r\n',
  '{"model":"gpt-4.1"}',
  '{"messages":[{"role":"user","content":"a \\"model\\": {[ 😀 é"}],"model":"x","stream":true}',
  '{"model":null,"a":-1.5e+30,"b":[0,1,-0,12.5E2],"stream":false}',
  '{"nested":{"model":"not this"},"list":[{"model":"nor this"}],"mod":1,"model":"this"}',
  '{"\\u006dodel":"escaped","gr\\u00f6\\u00dfe":"\\ud83d\\ude00\\n"}',
  '{"größe":"ü","x":[[[]]],"stream_options":{"include_usage":true,"a":[1,{"b":"}"}]}}',
  `{"${'n'.repeat(200)}":1,"model":12}`,
]

describe('the members of a body', () => {
  it.each(SOUND)('are found as JSON.parse finds them, wherever %s is cut', (text) => {
    const whole = JSON.parse(text) as Record<string, unknown>
    const expected = Object.fromEntries(
      WANTED.filter((name) => name in whole).map((name) => [name, whole[name]]),
    )
    for (const chunks of cuts(text)) {
      const found = scan(chunks)
      expect([found.failure, Object.fromEntries(found.values)]).toEqual([undefined, expected])
    }
  })

  it.each([
    '',
    ' ',
    '[]',
    '"model"',
    'null',
    '{',
    '{"model":"x"',
    '{"model":"x"}}',
    '{"model":"x"} {}',
    '{"model":"x",}',
    '{,"model":"x"}',
    '{"model" "x"}',
    '{"model":}',
    '{"a":[1,],"model":"x"}',
    '{"a":[1}],"model":"x"}',
    '{"a":{"b"],"model":"x"}',
    "{'model':'x'}",
    '{model:"x"}',
    '{/*"a":"*/"model":"x"}',
    '{"a":01,"model":"x"}',
    '{"a":1.,"model":"x"}',
    '{"a":.5,"model":"x"}',
    '{"a":1e,"model":"x"}',
    '{"a":+1,"model":"x"}',
    '{"a":- 1,"model":"x"}',
    '{"a":truE,"model":"x"}',
    '{"a":true1,"model":"x"}',
    '{"a":true.5,"model":"x"}',
    '{"a":NaN,"model":"x"}',
    '{"a":"\\x","model":"x"}',
    '{"a":"\\u12g4","model":"x"}',
    '\ufeff{"model":"x"}',
  ])('are none where JSON.parse refuses %j, wherever it is cut', (text) => {
    expect(() => {
      const value: unknown = JSON.parse(text)
      if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('no object')
    }).toThrow()
    for (const chunks of cuts(text)) expect(scan(chunks).failure).toBe('invalid')
  })

  it.each([
    ['a lone continuation byte', [0x80]],
    ['an overlong slash', [0xc0, 0xaf]],
    ['a surrogate', [0xed, 0xa0, 0x80]],
    ['half a character', [0xf0, 0x9f, 0x98]],
    ['a character beyond Unicode', [0xf4, 0x90, 0x80, 0x80]],
  ])('are none where the text has %s, which is no UTF-8', (_, bytes) => {
    const text = Buffer.concat([Buffer.from('{"a":"'), Buffer.from(bytes), Buffer.from('","model":"x"}')])
    for (let at = 0; at <= text.length; at++)
      expect(scan([text.subarray(0, at), text.subarray(at)]).failure).toBe('invalid')
  })

  it.each([
    '{"model":"a","model":"b"}',
    '{"model":"a","x":1,"\\u006d\\u006fdel":"b"}',
    '{"model":"a","Model":"b"}',
    '{"MODEL":"b"}',
    '{"ſtream":true}',
  ])('are ambiguous in %s, of which parsers take one or the other', (text) => {
    for (const chunks of cuts(text)) expect(scan(chunks).failure).toBe('ambiguous_member')
  })

  it('may come twice where nobody asks for them, or deeper down', () => {
    const { failure, values } = scan([Buffer.from('{"x":1,"x":2,"y":{"model":1,"model":2},"model":"a"}')])
    expect([failure, values.get('model')]).toEqual([undefined, 'a'])
  })

  it('are kept up to their bound and no further', () => {
    const body = (length: number) => `{"model":"${'m'.repeat(length)}","stream":true}`
    for (const chunks of cuts(body(62))) expect(scan(chunks).values.get('model')).toHaveLength(62)
    for (const chunks of cuts(body(63))) expect(scan(chunks).failure).toBe('member_too_long')
  })

  it('nest up to 256 levels', () => {
    const body = (depth: number) => Buffer.from(`{"a":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`)
    expect(scan([body(256)]).failure).toBeUndefined()
    expect(scan([body(257)]).failure).toBe('too_deep')
  })
})

describe('members that are set', () => {
  const VALUES = new Map<string, unknown>([
    ['model', 'other "model" 😀'],
    ['stream_options', { include_usage: true }],
  ])

  function edit(chunks: readonly Buffer[]): string {
    const members = new JsonMembers(WANTED, 64)
    const editor = new MemberEditor(members, VALUES)
    const pieces: Buffer[] = []
    for (const chunk of chunks) {
      members.scan(chunk)
      pieces.push(...editor.edit(chunk))
    }
    members.end()
    expect(members.failure).toBeUndefined()
    return Buffer.concat(pieces).toString()
  }

  it.each(SOUND)('replace or join what is there, wherever %s is cut', (text) => {
    const expected = { ...(JSON.parse(text) as Record<string, unknown>), ...Object.fromEntries(VALUES) }
    for (const chunks of cuts(text)) expect(JSON.parse(edit(chunks))).toEqual(expected)
  })

  it('leave every other byte as it is', () => {
    const text = ' {"a" : 1.0, "model":"x" , "b":"\\u0041"\n} '
    for (const chunks of cuts(text))
      expect(edit(chunks)).toBe(
        ' {"a" : 1.0, "model":"other \\"model\\" 😀" , "b":"\\u0041"\n,"stream_options":{"include_usage":true}} ',
      )
  })
})

it('an object of more than 1,000 members is not looked at any further', () => {
  const body = (count: number) => Buffer.from(`{${'"a":1,'.repeat(count - 1)}"b":1}`)
  expect(scan([body(1_000)]).failure).toBeUndefined()
  expect(scan([body(1_001)]).failure).toBe('too_many_members')
})

it('a chunk of the worst body takes a few milliseconds', () => {
  const worst = [
    `{"a":"${'x'.repeat(1e6)}"}`,
    `{"a":[${'1,'.repeat(500_000)}1]}`,
    `{"a":"${'\\"'.repeat(500_000)}"}`,
    `{"a":"${'\\\\'.repeat(500_000)}"}`,
    `{"a":[${`"${'y'.repeat(30)}",`.repeat(30_000)}1]}`,
    `{"a":"${'é'.repeat(500_000)}"}`,
    `{"a":[${'[],'.repeat(300_000)}1]}`,
  ]
  for (const text of worst) {
    const bytes = Buffer.from(text)
    const members = new JsonMembers(WANTED, 64)
    const tookMs: number[] = []
    for (let at = 0; at + 65_536 <= bytes.length; at += 65_536) {
      const begun = performance.now()
      members.scan(bytes.subarray(at, at + 65_536))
      tookMs.push(performance.now() - begun)
    }
    expect(members.failure).toBeUndefined()
    // The fastest: other tests run at the same time, and the first chunks are read before the machine has learnt how.
    expect(Math.min(...tookMs)).toBeLessThan(10)
  }
})
