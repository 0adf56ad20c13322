import { createGate, type GateEvent, memoryStore } from '@portcullis/core'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { clientCertificates } from '../src/client-certificates.js'

const PROXY = '192.0.2.7'
const HASH = 'ab'.repeat(32)
const OTHER = 'cd'.repeat(32)
const ROOT = 'root@example.com'
const ADMIN = 'admin@example.com'

async function open() {
  const events: GateEvent[] = []
  const gate = await createGate({
    store: memoryStore(),
    publicUrl: 'https://gate.test',
    secret: 'f3Yq0wXn7ZrT5kLb2VhJ8cPdGm4sQaEu',
    keys: [{ algorithm: 'HS256', secret: 'Jw6TzBq1Rv8NxK3mHy5LcGd0SfPa9EuO' }],
    superAdmins: [ROOT],
    admins: [ADMIN],
    onEvent: (event) => events.push(event),
    plugins: [clientCertificates([PROXY])],
  })
  onTestFinished(() => gate.close())
  const ask = async (forwarded: string, remoteAddress = PROXY) => {
    const rawHeaders = forwarded.split('\n').flatMap((value) => ['X-Forwarded-Client-Cert', value])
    const decision = await gate.authenticate({ method: 'GET', target: '/', rawHeaders, remoteAddress })
    return decision.outcome === 'allow'
      ? decision.identity.email
      : decision.outcome === 'deny' && decision.denial.code
  }
  const revoke = async (body: object, scopes: string[], account = ROOT) => {
    const issued = await gate.tokens.issue({ account, scopes })
    if (!issued.ok) throw new Error(issued.denial.code)
    const headers = { authorization: `Bearer ${issued.value.token}`, 'content-type': 'application/json' }
    const init = { method: 'POST', headers, body: JSON.stringify(body) }
    return gate.handle(new Request('https://gate.test/client-certificates/revoke', init))
  }
  return { gate, events, ask, revoke }
}

const certificate = (email: string, hash = HASH) => `Hash=${hash};Subject="CN=${email},O=Example"`

describe('a client certificate that a proxy forwards', () => {
  it('lets in the account that it names, as the gate’s judge allows', async () => {
    const { gate, ask } = await open()
    expect(await ask(certificate('Ada@example.com'))).toBe('ada@example.com')
    await gate.standing.ban({ account: 'ada@example.com', by: { service: 'test' } })
    expect(await ask(certificate('ada@example.com'))).toBe('account_banned')
    expect(gate.clientCertificates.used()).toBe(1)
    await gate.standing.unban({ account: 'ada@example.com', by: { service: 'test' } })
    expect(await ask(certificate('ada@example.com'))).toBe('ada@example.com')
  })

  it('counts from the addresses of the proxies alone', async () => {
    const { ask } = await open()
    expect(await ask(certificate('ada@example.com'), '192.0.2.8')).toBe('credentials_missing')
  })

  it.each([
    `${certificate('ada@example.com')},${certificate('root@example.com')}`,
    `${certificate('ada@example.com')}\n${certificate('ada@example.com')}`,
    `Hash=${HASH};Subject="CN=ada@example.com,CN=root@example.com"`,
    `Hash=${HASH};Subject="O=a\\,CN=root@example.com"`,
    `Hash=${HASH};Subject="CN=nobody"`,
    'Hash=1;Subject="CN=ada@example.com"',
  ])('is refused where it can be read in two ways or in none: %s', async (forwarded) => {
    const { ask } = await open()
    expect(await ask(forwarded)).toBe('client_certificate_unreadable')
  })

  it('is refused once an administrator has revoked it, and it alone', async () => {
    const { gate, ask, revoke } = await open()
    const body = { user_email: 'ada@example.com', hash: HASH }
    expect((await revoke(body, ['admin'], 'ada@example.com')).status).toBe(403)
    expect((await revoke(body, ['api'])).status).toBe(403)
    expect((await revoke({ ...body, hash: 'x' }, ['admin'])).status).toBe(400)
    expect(await ask(certificate('ada@example.com'))).toBe('ada@example.com')

    expect((await revoke(body, ['admin'])).status).toBe(200)
    expect(await ask(certificate('ada@example.com'))).toBe('token_revoked')
    expect(await ask(certificate('ada@example.com', OTHER))).toBe('ada@example.com')
    const { items } = await gate.audit.list({ limit: 1 })
    expect(items[0]).toMatchObject({
      action: 'client_certificate.revoke',
      subject: 'ada@example.com',
      actor: ROOT,
    })
  })

  it('of a super admin is revoked by no plain admin', async () => {
    const { ask, revoke } = await open()
    const refused = await revoke({ user_email: ROOT, hash: HASH }, ['admin'], ADMIN)
    expect(await refused.json()).toMatchObject({ code: 'super_admin_protected' })
    expect(await ask(certificate(ROOT))).toBe(ROOT)
    expect((await revoke({ user_email: 'ada@example.com', hash: HASH }, ['admin'], ADMIN)).status).toBe(200)
  })

  it('is counted, and told once a day', async () => {
    const { gate, events, ask } = await open()
    await ask(certificate('ada@example.com'))
    expect(await gate.metrics()).toMatchObject([{ name: 'client_certificates_used_total', value: 1 }])
    await vi.waitFor(() => expect(events.some(({ code }) => code === 'client_certificates')).toBe(true))
    expect(await gate.jobs()).toMatchObject([{ name: 'tell', lastRun: { outcome: 'done' } }])
  })

  it('has its route in the document and its code on a page', async () => {
    const { gate } = await open()
    expect(gate.owns('/client-certificates/revoke')).toBe(true)
    const get = async (path: string) => (await gate.handle(new Request(`https://gate.test${path}`))).text()
    expect(await get('/openapi.json')).toContain('/client-certificates/revoke')
    const page = await get('/.well-known/portcullis/problems/client_certificate_unreadable')
    expect(page).toContain('Unreadable client certificate')
  })
})
