import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hasCredentialInQuery, originForm, parseTarget } from '../../src/request/head.js'

const ACCEPTED: [string, string, string][] = [
  ['/', '/', ''],
  ['/v1/messages', '/v1/messages', ''],
  ['/v1/messages?beta=true', '/v1/messages', 'beta=true'],
  ['/v1/models/', '/v1/models/', ''],
  [
    '/openai/deployments/gpt-4.1/chat?api-version=2024-10-21',
    '/openai/deployments/gpt-4.1/chat',
    'api-version=2024-10-21',
  ],
  ['/v1beta/models/gemini-pro:generateContent', '/v1beta/models/gemini-pro:generateContent', ''],
  ['/.well-known/jwks.json', '/.well-known/jwks.json', ''],
  ['/a...b/...', '/a...b/...', ''],
  ['/api/admin/tokens/anna%2Btag@example.com', '/api/admin/tokens/anna%2Btag@example.com', ''],
  ['/files/gr%C3%BC%C3%9Fe%20du', '/files/gr%C3%BC%C3%9Fe%20du', ''],
  ['/100%25', '/100%25', ''],
  ['/a;v=1/b', '/a;v=1/b', ''],
  ['/a?', '/a', ''],
  ['/a?b=/../c&d=%2e%2e%2F//\'"{}[]|', '/a', 'b=/../c&d=%2e%2e%2F//\'"{}[]|'],
  ['/a?b?c', '/a', 'b?c'],
]

const REFUSED: Record<string, string[]> = {
  'another form than origin-form (RFC 9112 §3.2)': [
    '',
    '*',
    'http://example.com/v1',
    'HTTPS://example.com/v1',
    'example.com:443',
    'v1/messages',
    '?a=b',
  ],
  'a fragment': ['/a#b', '/a?b#c', '#'],
  'raw controls, spaces and non-ASCII': [
    '/a b',
    '/a\tb',
    '/a\0',
    '/a\x7f',
    '/a?b c',
    '/a?\n',
    '/ü',
    '/a?ü',
    '/a\u2028',
  ],
  'a backslash': ['/a\\b', '\\a', '/a?b\\c', '/..\\b'],
  'dot segments': ['/.', '/..', '/a/../b', '/a/./b', '/a/..', '/a/.', '/../a', '/a/..?b'],
  'encoded dot segments': ['/%2e', '/%2E%2E/a', '/a/.%2e/b', '/a/%2e./b', '/a/%2e%2E', '/%2e%2e%2fa'],
  'dot segments under ; parameters': [
    '/..;/a',
    '/a/..;x=1/b',
    '/.;/a',
    '/..%3b/a',
    '/..%3Bx/a',
    '/a/.%3b',
    '/;/a',
    '/a/;x/b',
    '/%3b/a',
  ],
  'empty segments': ['//', '//a', '/a//b', '/a//', '//example.com/a'],
  'encoded separators': ['/a%2fb', '/a%2Fb', '/a%5cb', '/a%5Cb', '/%2f'],
  'encoded controls': ['/a%00', '/a%0d%0ab', '/a%1F', '/a%7f', '/a%09b', '/a%C2%85'],
  'broken percent-encoding': ['/a%', '/a%2', '/a%zz', '/a%u0041', '/a?b=%', '/a?b=%4'],
  'encoded unreserved characters (RFC 3986 §6.2.2.2)': [
    '/%61dmin',
    '/%41',
    '/a%2Db',
    '/%5F',
    '/%7e',
    '/%30',
    '/v%31/a',
  ],
  'double encoding': ['/%252e%252e/a', '/a%252fb', '/%2561'],
  'bytes that are not UTF-8': ['/%c0%ae%c0%ae/a', '/%c0%af', '/%ff', '/%e0%80%af', '/%ed%a0%80'],
  'characters that no path may hold': ['/a"b', '/a<b', '/a[b]', '/a^b', '/a`b', '/a{b}', '/a|b'],
}

describe('parseTarget', () => {
  it.each(ACCEPTED)('%s is read as it stands', (target, path, query) => {
    expect(parseTarget(target)).toEqual({ path, query })
  })

  describe.each(Object.entries(REFUSED))('refuses %s', (_, targets) => {
    it.each(targets)('%j', (target) => {
      expect(parseTarget(target)).toBeUndefined()
    })
  })

  it('an accepted path is the path that a URL parser sees, byte for byte', () => {
    const piece = fc.constantFrom(
      '/',
      '.',
      '..',
      '%2e',
      '%2f',
      '%5c',
      '\\',
      ';',
      '?',
      '#',
      'a',
      'Z',
      '%61',
      '%C3%BC',
      '~',
      ':',
      '@',
      ' ',
      '%',
      '%25',
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const target = `/${pieces.join('')}`
        const parsed = parseTarget(target)
        if (!parsed) return
        const url = new URL(`http://gate.example${target}`)
        expect(url.host).toBe('gate.example')
        expect(url.pathname).toBe(parsed.path)
        expect(decodeURIComponent(parsed.path).split('/')).toEqual(
          parsed.path.split('/').map(decodeURIComponent),
        )
        expect(parsed.path.split('/')).not.toContain('..')
      }),
      { numRuns: 5_000 },
    )
  })

  it.each([
    '/'.repeat(60_000),
    '/a'.repeat(30_000),
    `/${'%25'.repeat(20_000)}`,
    `/${'..;'.repeat(20_000)}\0`,
    `/?${'%41'.repeat(20_000)}%`,
  ])('a long target costs little (%#)', (target) => {
    const start = process.cpuUsage()
    parseTarget(target)
    expect(process.cpuUsage(start).user / 1000).toBeLessThan(1_000)
  })
})

// Shaped like ours, signed by nobody.
const JWS = `eyJ${'a'.repeat(20)}.eyJ${'b'.repeat(20)}.${'c'.repeat(20)}`

describe('hasCredentialInQuery', () => {
  it.each([
    'access_token=x',
    'token=x',
    'api_key=x',
    'api-key=x',
    'apikey=x',
    'key=x',
    'x-api-key=x',
    'authorization=x',
    'auth=x',
    'bearer=x',
    'id_token=x',
    'refresh_token=x',
    'a=b&ACCESS_TOKEN=x',
    'Api%2DKey=x',
    '%61ccess%5ftoken=x',
    'access%5Ftoken',
    'token[]=x',
    'token%5B0%5D=x',
    'a=1;token=x',
    '+token=x',
    '%20token=x',
    `q=${JWS}`,
    `q=Bearer+${JWS}`,
    `q=Bearer%20${JWS}`,
    `q=${JWS.replaceAll('.', '%2E')}`,
    `rd=%2Fa%3Fq%3D${JWS}`,
    JWS,
    `q=pk_${'0'.repeat(32)}`,
  ])('a credential in %s is found', (query) => {
    expect(hasCredentialInQuery(query)).toBe(true)
  })

  it.each([
    '',
    'token_id=abc',
    'token_name=laptop',
    'name=laptop',
    'beta=true',
    'api-version=2024-10-21',
    'after=file-abc&limit=20&order=desc',
    'include[]=logprobs',
    'metadata[key]=x',
    'cursor=eyJhIjoxfQ',
    'cursor=eyJhIjoxfQ.c2ln',
    'session_key=abc',
    'keyword=x&monkey=y',
    'tokens=5&max_tokens=7',
    'author=x',
    'alt=sse',
    `code=${JWS}&state=${JWS}`,
    `x=${JWS}.d.e`,
    'q=pk_short',
    'q=100%25%ff',
  ])('%s passes', (query) => {
    expect(hasCredentialInQuery(query)).toBe(false)
  })

  it('no spelling of a credential parameter passes', () => {
    const spell = (character: string) =>
      fc.constantFrom(
        character,
        character.toUpperCase(),
        `%${character.charCodeAt(0).toString(16)}`,
        `%${character.toUpperCase().charCodeAt(0).toString(16).toUpperCase()}`,
      )
    const spelling = fc
      .constantFrom('access_token', 'api-key', 'x-api-key', 'token', 'key', 'authorization')
      .chain((name) => fc.tuple(...[...name].map(spell)))
    fc.assert(fc.property(spelling, (letters) => hasCredentialInQuery(`a=1&${letters.join('')}=x`)))
  })

  it.each([
    'eyJ'.repeat(20_000),
    'eyJa.'.repeat(12_000),
    'eyJa.b.c&'.repeat(7_000),
    '%41'.repeat(20_000),
    'pk_'.repeat(20_000),
    '&'.repeat(60_000),
  ])('a long query costs little (%#)', (query) => {
    const start = process.cpuUsage()
    hasCredentialInQuery(query)
    expect(process.cpuUsage(start).user / 1000).toBeLessThan(1_000)
  })
})

describe('originForm', () => {
  const ORIGIN = 'https://gate.example.com'

  it.each([
    ['https://gate.example.com/a?b', '/a?b'],
    ['https://gate.example.com:443/a', '/a'],
    ['HTTPS://GATE.example.com/a', '/a'],
    ['https://gate.example.com', '/'],
    ['https://gate.example.com?b', '/?b'],
    ['https://gate.example.com//a', '//a'],
    ['/a', '/a'],
  ])('reads %s as %s', (target, expected) => {
    expect(originForm(target, ORIGIN)).toBe(expected)
  })

  it.each([
    'http://gate.example.com/a',
    'https://gate.example.com:8443/a',
    'https://gate.example.com.evil.example/a',
    'https://user@gate.example.com/a',
    'https://gate.example.com\\@evil.example/a',
    'https://gate.example.com#/a',
    'https:gate.example.com/a',
    'https://g%61te.example.com/a',
    'https://ɡate.example.com/a',
    ' https://gate.example.com/a',
    '*',
    '',
  ])('leaves %s as it is, to be refused', (target) => {
    expect(originForm(target, ORIGIN)).toBe(target)
    expect(parseTarget(originForm(target, ORIGIN))).toBeUndefined()
  })
})
