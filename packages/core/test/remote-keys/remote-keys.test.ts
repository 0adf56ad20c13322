import type { ServerResponse } from 'node:http'
import { describe, expect, it, vi } from 'vitest'
import {
  fetchesOfKeys,
  goodClaims,
  type Issuer,
  issuerServer,
  json,
  KEYS_PATH,
  METADATA_PATH,
  signed,
  testKey,
  trustedIssuer,
  unavailable,
} from '../external-tokens/issuer-fixture.js'
import { must, refusalOf } from '../gate/gate-fixture.js'

async function noKeysFrom(answer: (res: ServerResponse) => void, path = KEYS_PATH): Promise<Issuer> {
  const issuer = await trustedIssuer({ timeoutMs: 300 })
  issuer.server.instead.set(path, answer)
  await expect(issuer.verify(await issuer.token())).rejects.toMatchObject(unavailable)
  return issuer
}

describe('keys', () => {
  it('are fetched once for all who wait, and kept', async () => {
    const { verify, token, server, clock } = await trustedIssuer()
    const tokens = await Promise.all(Array.from({ length: 50 }, (_, index) => token({ jti: `${index}` })))
    await Promise.all(tokens.map(verify))
    clock.advance(3_599_000)
    await verify(await token())
    expect(fetchesOfKeys(server)).toBe(1)
  })

  it('that are older than jwksCacheSeconds are fetched again, and a rotation is picked up', async () => {
    const { verify, token, server, clock } = await trustedIssuer({ jwksCacheSeconds: 100 })
    const claims = { exp: clock.now / 1000 + 7200 }
    const old = await token(claims)
    expect((await verify(old)).ok).toBe(true)
    const next = await testKey('second')
    server.keys = [next.jwk]
    clock.advance(100_000)
    expect((await verify(await signed(next, { ...goodClaims(server.issuer), ...claims }))).ok).toBe(true)
    expect(refusalOf(await verify(old))).toBe('token_invalid')
  })

  it('that were rotated out stop a remembered token, also when nobody but its bearer ever asks', async () => {
    const { verify, token, server, clock } = await trustedIssuer({ jwksCacheSeconds: 100 })
    const old = await token()
    expect((await verify(old)).ok).toBe(true)
    server.keys = [(await testKey('second')).jwk]
    clock.advance(99_999)
    expect((await verify(old)).ok).toBe(true)
    clock.advance(1)
    expect(refusalOf(await verify(old))).toBe('token_invalid')
  })

  it('that stay the same keep what was proven with them', async () => {
    const { trusted, verify, token, clock } = await trustedIssuer({ jwksCacheSeconds: 100 })
    const compact = await token()
    must(await verify(compact))
    const issuer = trusted.claimedBy(compact)
    const before = issuer?.proofs.get(compact)
    clock.advance(100_000)
    must(await verify(compact))
    expect(issuer?.proofs.get(compact)).toBe(before)
    expect(before).toBeDefined()
  })

  it('are asked for once by 100 concurrent tokens of unknown kids, and then not until the cooldown is over', async () => {
    const { verify, token, server, clock } = await trustedIssuer()
    must(await verify(await token()))
    clock.advance(30_000)
    const flood = async () => {
      const forged = await Promise.all(
        Array.from({ length: 100 }, (_, index) => token({}, { kid: `x${index}` })),
      )
      const outcomes = await Promise.all(forged.map(verify))
      expect(new Set(outcomes.map(refusalOf))).toEqual(new Set(['token_invalid']))
    }
    await flood()
    expect(fetchesOfKeys(server)).toBe(2)
    clock.advance(29_999)
    await flood()
    expect(fetchesOfKeys(server)).toBe(2)
    clock.advance(1)
    await flood()
    expect(fetchesOfKeys(server)).toBe(3)
  })

  it('of a rotation are picked up by the first token of a new kid', async () => {
    const { verify, token, server, clock } = await trustedIssuer()
    must(await verify(await token()))
    const next = await testKey('second')
    server.keys = [...server.keys, next.jwk]
    clock.advance(30_000)
    expect((await verify(await signed(next, goodClaims(server.issuer)))).ok).toBe(true)
    expect((await verify(await token())).ok).toBe(true)
  })

  it('serve for jwksMaxStaleSeconds while the issuer is dead, and then 503', async () => {
    const { verify, token, server, clock, events } = await trustedIssuer({
      jwksCacheSeconds: 100,
      jwksMaxStaleSeconds: 1000,
    })
    const compact = await token({ exp: clock.now / 1000 + 7200 })
    must(await verify(compact))
    await server.kill()
    clock.advance(1_099_999)
    expect((await verify(compact)).ok).toBe(true)
    expect(events.map(({ code }) => code)).toContain('trusted_issuer_unavailable')
    clock.advance(1)
    await expect(verify(compact)).rejects.toMatchObject(unavailable)
  })

  it('that are stale do not keep anyone waiting for an issuer that is known to hang', async () => {
    const { verify, token, server, clock } = await trustedIssuer({ jwksCacheSeconds: 100, timeoutMs: 300 })
    const compact = await token()
    must(await verify(compact))
    server.instead.set(METADATA_PATH, () => {})
    clock.advance(100_000)
    must(await verify(compact))
    clock.advance(30_000)
    const started = performance.now()
    must(await verify(compact))
    expect(performance.now() - started).toBeLessThan(150)
    await vi.waitFor(() => expect(server.requests.filter((path) => path === METADATA_PATH)).toHaveLength(3))
  })

  it('that cannot be asked for leave a token of an unknown kid undecided', async () => {
    const { verify, token, server, clock } = await trustedIssuer()
    must(await verify(await token()))
    await server.kill()
    clock.advance(30_000)
    await expect(verify(await token({}, { kid: 'new' }))).rejects.toMatchObject(unavailable)
    expect((await verify(await token())).ok).toBe(true)
  })

  it('are had within a second of a dead issuer coming back, asked for at most once in it', async () => {
    const { verify, token, server, clock } = await noKeysFrom((res) => json(res, {}, 500))
    await expect(verify(await token())).rejects.toMatchObject(unavailable)
    expect(fetchesOfKeys(server)).toBe(1)
    server.instead.clear()
    clock.advance(1000)
    expect((await verify(await token())).ok).toBe(true)
  })

  it('are not waited for beyond timeoutMs, whether the head or the body is late', async () => {
    for (const answer of [
      () => {},
      (res: ServerResponse) => {
        res.writeHead(200, { 'content-type': 'application/json' }).write('{"keys":[')
      },
    ]) {
      const started = performance.now()
      await noKeysFrom(answer)
      expect(performance.now() - started).toBeLessThan(2000)
    }
  })

  it('of 10 MB are not read beyond the first', async () => {
    let sent = 0
    await noKeysFrom((res) => {
      res.writeHead(200, { 'content-type': 'application/json' })
      const more = () => {
        while (sent < 10_000_000 && !res.destroyed) {
          sent += 65_536
          if (!res.write(' '.repeat(65_536))) return void res.once('drain', more)
        }
        res.end('{"keys":[]}')
      }
      more()
    })
    expect(sent).toBeLessThan(9_000_000)
  })

  it.each<[string, (res: ServerResponse) => void]>([
    ['HTML', (res) => res.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Welcome</h1>')],
    ['no JWK Set', (res) => json(res, { jwks: [] })],
    ['an array', (res) => json(res, [])],
    ['more than 100 keys', (res) => json(res, { keys: Array.from({ length: 101 }, () => ({})) })],
    ['status 203', (res) => json(res, { keys: [] }, 203)],
    [
      'invalid UTF-8',
      (res) => res.writeHead(200).end(Buffer.from('7b226b657973223a5b5d2c2261223a22ff227d', 'hex')),
    ],
  ])('are not had from an answer that is %s', async (_, answer) => {
    await noKeysFrom(answer)
  })

  it('are not looked for where a redirect points', async () => {
    const other = await issuerServer()
    await noKeysFrom((res) => res.writeHead(302, { location: `${other.issuer}/keys` }).end())
    await noKeysFrom((res) => res.writeHead(301, { location: `${other.issuer}/x` }).end(), METADATA_PATH)
    expect(other.requests).toEqual([])
  })

  it('leave no connection open once they are there', async () => {
    const { verify, token, server } = await trustedIssuer()
    must(await verify(await token()))
    await vi.waitFor(() => expect(server.sockets.size).toBe(0), { timeout: 1000 })
  })

  it('are no longer fetched after close, and a request under way is broken off', async () => {
    const { trusted, verify, token, server } = await trustedIssuer()
    const brokenOff = new Promise<void>((resolve) => {
      server.instead.set(KEYS_PATH, (res) => res.on('close', resolve))
    })
    const pending = expect(verify(await token())).rejects.toMatchObject(unavailable)
    await vi.waitFor(() => expect(fetchesOfKeys(server)).toBe(1))
    trusted.close()
    await Promise.all([pending, brokenOff])
    await expect(verify(await token())).rejects.toMatchObject(unavailable)
    expect(fetchesOfKeys(server)).toBe(1)
  })

  it('are had also when the log hook throws', async () => {
    const { verify, token, server, events } = await trustedIssuer()
    events.push = () => {
      throw new Error('The log is full')
    }
    must(await verify(await token()))
    expect(fetchesOfKeys(server)).toBe(1)
  })

  it('go on being fetched when the clock was set back', async () => {
    const { verify, token, server, clock } = await trustedIssuer()
    const issuedEarlier = { iat: clock.now / 1000 - 7200 }
    must(await verify(await token(issuedEarlier)))
    clock.advance(-3_600_000)
    must(await verify(await token({ ...issuedEarlier, jti: 'other' })))
    expect(fetchesOfKeys(server)).toBe(2)
  })
})
