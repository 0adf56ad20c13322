import { expect, it } from 'vitest'
import { PortcullisError } from '../../src/errors/portcullis-error.js'
import { createForwarder } from '../../src/proxy/forwarder.js'
import type { ForwardOptions } from '../../src/proxy/options.js'
import { stubGate } from './harness.js'

function problemsOf(options: ForwardOptions): readonly string[] {
  try {
    void createForwarder(stubGate(), options).close()
    return []
  } catch (error) {
    if (error instanceof PortcullisError && error.code === 'configuration_invalid') return error.problems
    throw error
  }
}

it('options that cannot work are all named at once, and no secret with them', () => {
  const problems = problemsOf({
    upstream: {
      url: 'ftp://user:s3cret@example.com',
      headers: { 'Content-Length': '1', authorization: 'Bearer s3cret\n' },
    },
    identityHeaders: { Authorization: 'email', 'x y': 'name', 'x-fine': 'role', Cookie: 'name' },
    connectTimeoutMs: 0,
    responseTimeoutMs: 1.5,
    idleTimeoutMs: Number.POSITIVE_INFINITY,
    recheckEveryMs: 1,
    onAccessWithdrawn: 'never' as 'cut',
    upstreamPages: 'anything' as 'sandboxed',
    forwardRequestHeaders: 'listed',
  })
  expect(problems).toHaveLength(13)
  expect(problems.join()).not.toContain('s3cret')
})

it.each([
  'http://127.0.0.1:4000',
  'https://api.example.com',
  'https://api.example.com/base/',
  'http://[::1]:4000',
])('%s can be an upstream', (url) => {
  expect(problemsOf({ upstream: { url } })).toEqual([])
})

it.each([
  '',
  'api.example.com',
  '/v1',
  'https://a@example.com',
  'https://example.com/?a=b',
  'https://example.com/#a',
  'unix:/tmp/s',
])('%j cannot', (url) => {
  expect(problemsOf({ upstream: { url } })).toHaveLength(1)
})

it.each([
  'cookie',
  'X_Api_Key',
  'host',
  'x-portcullis-user',
  'x-portcullis-*',
  'x-http-method-override',
  '*',
  'a b',
])('%j cannot be let through', (name) => {
  const problems = problemsOf({ upstream: { url: 'http://127.0.0.1' }, allowRequestHeaders: [name] })
  expect(problems).toEqual([expect.stringContaining('allowRequestHeaders')])
})

it('options that are unknown, missing or of another kind are all named at once', () => {
  const wrong = {
    upstreams: { url: 'http://127.0.0.1' },
    allowRequestHeaders: 'x-a',
    removeResponseHeaders: [5],
    identityHeaders: { 'x-user': 'mail' },
  }
  expect(problemsOf(wrong as unknown as ForwardOptions)).toEqual([
    'upstreams: unknown; upstream is meant, perhaps',
    'allowRequestHeaders: give an array',
    'removeResponseHeaders[0]: give a text',
    'identityHeaders["x-user"]: give accountId or email or name or groups or role or credentialId',
    'upstream: required',
  ])
  const misspelt = { upstream: { url: 'http://127.0.0.1', header: {} } }
  expect(problemsOf(misspelt as unknown as ForwardOptions)).toEqual([
    'upstream.header: unknown; headers is meant, perhaps',
  ])
  expect(problemsOf(undefined as never)).toEqual(['give an object'])
  expect(() => createForwarder(undefined as never, { upstream: { url: 'http://127.0.0.1' } })).toThrow(
    expect.objectContaining({ code: 'configuration_invalid' }),
  )
})

it.each([5, null, true, ['a'], { a: 1 }])(
  '%j is no value of a header for an upstream, which would send it as text',
  (value) => {
    const headers = { 'x-key': value } as never
    expect(problemsOf({ upstream: { url: 'http://127.0.0.1', headers } })).toEqual([
      'upstream.headers["x-key"]: give a text',
    ])
  },
)

it.each(['connectTimeoutMs', 'responseTimeoutMs', 'idleTimeoutMs', 'recheckEveryMs'])(
  'null is not the default of %s',
  (name) => {
    const upstream = { url: 'http://127.0.0.1' }
    expect(problemsOf({ upstream, [name]: null })).toEqual([
      expect.stringContaining(`${name}: give an integer`),
    ])
  },
)
