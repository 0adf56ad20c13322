import { describe, expect, it } from 'vitest'
import {
  AUDIENCE,
  fetchesOfKeys,
  goodClaims,
  issuerServer,
  json,
  KEYS_PATH,
  METADATA_PATH,
  signed,
  testKey,
  trust,
  trustedIssuer,
  unavailable,
} from '../external-tokens/issuer-fixture.js'

describe('discovery', () => {
  it('falls back to the place of RFC 8414, between host and path', async () => {
    const server = await issuerServer('/tenant')
    const key = await testKey('k')
    server.keys = [key.jwk]
    server.instead.set(`/tenant${METADATA_PATH}`, (res) =>
      res.writeHead(200, { 'content-type': 'text/html' }).end('<p>App</p>'),
    )
    server.instead.set('/.well-known/oauth-authorization-server/tenant', (res) => json(res, server.metadata))
    const { verify } = trust([{ issuer: server.issuer, audience: AUDIENCE }])
    expect((await verify(await signed(key, goodClaims(server.issuer)))).ok).toBe(true)
  })

  it.each([
    ['issuer', 'https://other.test'],
    ['issuer', undefined],
    ['jwks_uri', undefined],
    ['jwks_uri', 'http://keys.test/keys'],
    ['jwks_uri', 'file:///etc/passwd'],
    ['jwks_uri', 'https://user:password@keys.test/keys'],
  ])('fails when the metadata gives as %s %j (RFC 8414 §3.3)', async (member, value) => {
    const { server, verify, token } = await trustedIssuer()
    server.metadata = { ...server.metadata, [member]: value }
    await expect(verify(await token())).rejects.toMatchObject(unavailable)
    expect(fetchesOfKeys(server)).toBe(0)
  })

  it('is not asked when the place of the keys is given', async () => {
    const server = await issuerServer()
    const key = await testKey('k')
    server.keys = [key.jwk]
    const jwksUri = `${server.issuer}${KEYS_PATH}`
    const { verify } = trust([{ issuer: 'https://idp.test', audience: AUDIENCE, jwksUri }])
    expect((await verify(await signed(key, goodClaims('https://idp.test')))).ok).toBe(true)
    expect(server.requests).toEqual([KEYS_PATH])
  })

  it('does not lead from a remote issuer to this machine', async () => {
    const asked: string[] = []
    const issuer = 'https://idp.test'
    const fetch: typeof globalThis.fetch = async (url) => {
      asked.push(String(url))
      return Response.json({ issuer, jwks_uri: 'http://127.0.0.1:1/keys' })
    }
    const { verify } = trust([{ issuer, audience: AUDIENCE }], fetch)
    await expect(verify(await signed(await testKey('k'), goodClaims(issuer)))).rejects.toMatchObject(
      unavailable,
    )
    expect(asked).toEqual([`${issuer}${METADATA_PATH}`])
  })
})
