import { describe, expect, it } from 'vitest'
import { call, startGate, startUpstream } from './harness.js'

async function policiesOf(
  sent: Record<string, string | string[]>,
  options: Partial<Parameters<typeof startGate>[0]> = {},
  more: Parameters<typeof startGate>[1] = {},
) {
  const { url } = await startUpstream((_req, res) => {
    for (const [name, value] of Object.entries(sent)) res.setHeader(name, value)
    res.end('<script>parent.document</script>')
  })
  const { port } = await startGate({ upstream: { url }, ...options }, more)
  const { headers, rawHeaders } = await call(port, { path: '/a' })
  const policies = rawHeaders.filter(
    (_, at) => rawHeaders[at - 1]?.toLowerCase() === 'content-security-policy',
  )
  return { headers, policies }
}

describe('a page of the upstream', () => {
  it('is sandboxed and taken for nothing that it does not say it is', async () => {
    const { headers, policies } = await policiesOf({ 'content-type': 'text/html' })
    expect(policies).toEqual(['sandbox'])
    expect(headers['x-content-type-options']).toBe('nosniff')
  })

  it('cannot weaken that by a policy of its own', async () => {
    const { headers, policies } = await policiesOf({
      'Content-Security-Policy': ["default-src 'self'", 'sandbox allow-scripts allow-same-origin'],
      'X-Content-Type-Options': 'none',
    })
    expect(policies).toEqual(["default-src 'self'", 'sandbox allow-scripts allow-same-origin', 'sandbox'])
    expect(headers['x-content-type-options']).toBe('nosniff')
  })

  it('cannot replace a policy that was set before the gate', async () => {
    const before = async (_req: unknown, res: { setHeader(name: string, value: string): unknown }) =>
      res.setHeader('content-security-policy', "frame-ancestors 'none'")
    const own = await policiesOf({ 'content-security-policy': 'default-src *' }, {}, { before })
    expect(own.policies).toEqual(["frame-ancestors 'none'", 'default-src *', 'sandbox'])
    const trusted = await policiesOf(
      { 'content-security-policy': 'default-src *' },
      { upstreamPages: 'insecure_same_origin' },
      { before },
    )
    expect(trusted.policies).toEqual(["frame-ancestors 'none'", 'default-src *'])
  })

  it('acts as one of the gate only where the operator chose that by name', async () => {
    const { headers, policies } = await policiesOf({}, { upstreamPages: 'insecure_same_origin' })
    expect(policies).toEqual([])
    expect(headers).not.toHaveProperty('x-content-type-options')
  })

  it('orders no server in front of the gate, and leads no browser elsewhere', async () => {
    const orders = [
      'x-accel-redirect',
      'x-accel-expires',
      'x-accel-limit-rate',
      'x-sendfile',
      'x-lighttpd-send-file',
      'x-litespeed-location',
      'x-reproxy-url',
      'x-envoy-immediate-health-check-fail',
      'surrogate-control',
      'refresh',
      'service-worker-allowed',
      'speculation-rules',
      'accept-ch',
      'x-portcullis-user',
    ]
    const { headers } = await policiesOf(
      Object.fromEntries([...orders, 'X_Accel_Redirect'].map((name) => [name, '/x'])),
    )
    expect(Object.keys(headers).filter((name) => [...orders, 'x_accel_redirect'].includes(name))).toEqual([])
  })

  it('may ask that its events are not held back', async () => {
    const { headers } = await policiesOf({ 'x-accel-buffering': 'no' })
    expect(headers['x-accel-buffering']).toBe('no')
  })
})

describe('a reference to the upstream', () => {
  it.each([
    ['//evil.example/x', '/evil.example/x'],
    ['///evil.example/x', '/evil.example/x'],
    ['/\\evil.example/x', '/evil.example/x'],
    ['/\\/evil.example/x', '/evil.example/x'],
    ['/base//evil.example/x', '/evil.example/x'],
    ['/base/\\evil.example/x?a#b', '/evil.example/x?a#b'],
    ['/.//evil.example/x', '/evil.example/x'],
    ['/a/..//evil.example', '/evil.example'],
  ])('never becomes one to another host: %s', async (path, expected) => {
    const { url } = await startUpstream((req, res) => {
      const reference = `http://${req.headers.host}${path}`
      res.writeHead(307, {
        location: reference,
        'content-location': reference,
        link: `<${reference}>; rel="next", </base/y>; rel=prev`,
      })
      res.end()
    })
    const { port } = await startGate({ upstream: { url: `${url}/base` } })
    const { headers } = await call(port, { path: '/a' })
    expect([headers.location, headers['content-location']]).toEqual([expected, expected])
    expect(headers.link).toBe(`<${expected}>; rel="next", </y>; rel=prev`)
  })
})
