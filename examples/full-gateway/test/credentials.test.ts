import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { api, logIn, mint, type RunningGateway, runGateway } from './gateway-fixture.js'

const MASTER_KEY = 'Vb7KqLx2Nd9RtYw4Hs6PzMj8Gc3FaEu5'
const SCIM_SECRET = 'Hn5TgBv8Kc3XzQw6Lp9RyMd2SjFa4Eu7'

let gateway: RunningGateway
let directory: string
let issuer: Server
let sign: (claims?: Record<string, unknown>) => Promise<string>

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'portcullis-credentials-'))
  const { privateKey, publicKey } = await generateKeyPair('RS256')
  const keys = [{ ...(await exportJWK(publicKey)), kid: 'k1', alg: 'RS256', use: 'sig' }]
  issuer = createServer((_req, res) =>
    res.setHeader('content-type', 'application/json').end(JSON.stringify({ keys })),
  )
  issuer.listen(0, '127.0.0.1')
  await once(issuer, 'listening')
  const origin = `http://127.0.0.1:${(issuer.address() as AddressInfo).port}`
  sign = (claims = {}) =>
    new SignJWT({ email: 'ci@example.com', ...claims })
      .setProtectedHeader({ alg: 'RS256', kid: 'k1' })
      .setIssuer(origin)
      .setAudience('gateway')
      .setSubject('ci')
      .setIssuedAt()
      .setExpirationTime('5m')
      .sign(privateKey)
  const file = path.join(directory, 'issuers.json')
  await writeFile(
    file,
    JSON.stringify([
      {
        issuer: origin,
        audience: 'gateway',
        jwksUri: `${origin}/keys`,
        requiredClaims: { sub: 'ci*' },
        withoutEmail: 'subject',
      },
    ]),
  )
  gateway = await runGateway({ TRUSTED_ISSUERS_FILE: file, MASTER_KEY, SCIM_SECRET, TOKEN_RENEWAL: 'offer' })
})
afterAll(async () => {
  await gateway?.stop()
  issuer?.closeAllConnections()
  issuer?.close()
  await rm(directory, { recursive: true, force: true })
})

const call = (token: string, init: RequestInit = {}) =>
  fetch(`${gateway.url}/v1/models`, { ...init, headers: { authorization: `Bearer ${token}` } })

describe('the gateway', () => {
  it('takes tokens of a trusted issuer, until their account is banned with the master key', async () => {
    const token = await sign()
    expect((await call(token)).status).toBe(200)
    for (const role of ['viewer', 'internal_user_viewer'])
      expect((await call(await sign({ role }), { method: 'POST', body: '{}' })).status).toBe(403)
    const banned = await fetch(`${gateway.url}/api/admin/sessions/revoke-user`, {
      method: 'POST',
      headers: { authorization: `Bearer ${MASTER_KEY}`, 'content-type': 'application/json' },
      body: JSON.stringify({ user_email: 'CI@example.com' }),
    })
    expect(banned.status).toBe(200)
    expect((await call(token)).status).toBe(403)
    expect((await call(MASTER_KEY)).status).toBe(403)
  })

  it('takes a token without an e-mail address as the account of its subject and issuer, until that is banned', async () => {
    const token = await sign({ email: undefined })
    expect((await call(token)).status).toBe(200)
    const port = (issuer.address() as AddressInfo).port
    const banned = await fetch(`${gateway.url}/api/admin/sessions/revoke-user`, {
      method: 'POST',
      headers: { authorization: `Bearer ${MASTER_KEY}`, 'content-type': 'application/json' },
      body: JSON.stringify({ user_email: `subject:ci:http~3A~2F~2F127.0.0.1~3A${port}` }),
    })
    expect(banned.status).toBe(200)
    expect((await call(token)).status).toBe(403)
  })

  it('takes no token of anybody else', async () => {
    const { privateKey } = await generateKeyPair('RS256')
    const forged = await new SignJWT({ email: 'admin@example.com' })
      .setProtectedHeader({ alg: 'RS256', kid: 'k1' })
      .setIssuer(`http://127.0.0.1:${(issuer.address() as AddressInfo).port}`)
      .setAudience('gateway')
      .setIssuedAt()
      .setExpirationTime('5m')
      .sign(privateKey)
    expect((await call(forged)).status).toBe(401)
  })

  it('lets a directory end everything of an account with one call', async () => {
    const user = await logIn(gateway, 'user@example.com')
    const { token } = await mint(gateway, user)
    const made = await api(gateway, user, 'POST', '/v1/user/keys', {})
    const key = String(made.body.key)
    expect([(await call(token)).status, (await call(key)).status]).toEqual([200, 200])
    const scim = (method: string, at: string, body: unknown) =>
      fetch(`${gateway.url}/scim/v2/Users${at}`, {
        method,
        headers: { authorization: `Bearer ${SCIM_SECRET}`, 'content-type': 'application/scim+json' },
        body: JSON.stringify(body),
      })
    const schemas = ['urn:ietf:params:scim:schemas:core:2.0:User']
    const created = await scim('POST', '', { schemas, userName: 'user@example.com', active: true })
    const { id } = (await created.json()) as { id: string }
    const patched = await scim('PATCH', `/${id}`, {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
      Operations: [{ op: 'replace', path: 'active', value: false }],
    })
    expect(patched.status).toBe(200)
    expect([(await call(token)).status, (await call(key)).status]).toEqual([403, 403])
    expect((await api(gateway, user, 'GET', '/api/token/list')).status).toBe(403)
    await expect(logIn(gateway, 'user@example.com')).rejects.toThrow('not logged in')
  })
})
