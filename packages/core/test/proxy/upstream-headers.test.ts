import { describe, expect, it } from 'vitest'
import { call, startGate, startUpstream } from './harness.js'

/** What the official SDKs and command lines of Anthropic and OpenAI send, without credentials. */
const SENT_BY_SDKS = [
  'accept',
  'accept-encoding',
  'accept-language',
  'anthropic-beta',
  'anthropic-dangerous-direct-browser-access',
  'anthropic-version',
  'baggage',
  'content-type',
  'idempotency-key',
  'openai-beta',
  'originator',
  'sec-fetch-mode',
  'session_id',
  'traceparent',
  'tracestate',
  'user-agent',
  'x-amz-user-agent',
  'x-amzn-trace-id',
  'x-app',
  'x-client-request-id',
  'x-goog-api-client',
  'x-request-id',
  'x-stainless-arch',
  'x-stainless-async',
  'x-stainless-custom-poll-interval',
  'x-stainless-helper',
  'x-stainless-helper-method',
  'x-stainless-lang',
  'x-stainless-os',
  'x-stainless-package-version',
  'x-stainless-poll-helper',
  'x-stainless-raw-response',
  'x-stainless-read-timeout',
  'x-stainless-retry-count',
  'x-stainless-runtime',
  'x-stainless-runtime-version',
  'x-stainless-timeout',
]

async function sendAll(names: readonly string[], options: Partial<Parameters<typeof startGate>[0]> = {}) {
  const { url, received } = await startUpstream()
  const { port } = await startGate({ upstream: { url }, ...options })
  await call(port, { path: '/a', headers: Object.fromEntries(names.map((name) => [name, 'sent'])) })
  const { headers = {} } = received[0] ?? {}
  return (name: string) => headers[name] === 'sent'
}

describe('inbound headers', () => {
  it('that the SDKs send reach the upstream', async () => {
    const passed = await sendAll(SENT_BY_SDKS)
    expect(SENT_BY_SDKS.filter((name) => !passed(name))).toEqual([])
  })

  it('that a deployment allows reach the upstream, and what may never pass does not', async () => {
    const names = ['x-goog-user', 'x-goog-api-key', 'x-forwarded-for', 'x-user-id', 'x-portcullis-user']
    const passed = await sendAll([...names, 'x-http-method-override', 'X_Acme_Team'], {
      allowRequestHeaders: ['X-Goog-*', 'x-forwarded-for', 'x-acme-team', 'x-h*'],
    })
    expect(names.filter(passed)).toEqual(['x-goog-user', 'x-forwarded-for'])
    expect([passed('x-http-method-override'), passed('x_acme_team')]).toEqual([false, true])
  })

  it('that a deployment distrusts do not reach the upstream, unless it allows them', async () => {
    const names = ['x-acme-cost', 'X_Acme_Limit', 'x-acme-label', 'x-other']
    const passed = await sendAll(names, {
      distrustRequestHeaders: ['X-Acme-*'],
      allowRequestHeaders: ['x-acme-label'],
    })
    expect(names.filter((name) => passed(name.toLowerCase()))).toEqual(['x-acme-label', 'x-other'])
  })

  it('that carry our own identity never reach the upstream, whatever is allowed', async () => {
    const passed = await sendAll(['x-acme-user-email', 'x-acme-tags'], {
      allowRequestHeaders: ['x-acme-*'],
      identityHeaders: { 'x-acme-user-email': 'email' },
    })
    expect([passed('x-acme-user-email'), passed('x-acme-tags')]).toEqual([false, true])
  })

  it('are those that are listed and no others where an operator wants that', async () => {
    const names = ['content-type', 'anthropic-version', 'anthropic-beta', 'user-agent', 'x-anything']
    const passed = await sendAll(names, {
      forwardRequestHeaders: 'listed',
      allowRequestHeaders: ['content-type', 'anthropic-*'],
    })
    expect(names.filter(passed)).toEqual(['content-type', 'anthropic-version', 'anthropic-beta'])
  })
})
