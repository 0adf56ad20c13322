import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createGate } from '../../src/gate/create-gate.js'
import { isolatePages, isolateProvider } from '../../src/gate/isolate-hooks.js'
import type { IdentityProvider } from '../../src/login/identity-provider.js'
import { memoryStore } from '../../src/store/memory.js'
import { SECRET, SIGNING_SECRET } from './gate-fixture.js'

const never = () => new Promise<never>(() => {})

const hanging: IdentityProvider = {
  issuer: 'https://login.test',
  begin: never,
  complete: never,
  logoutUrl: never,
  verifyLogoutToken: never,
  ready: never,
}

describe('a hook that never answers', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it.each([
    ['begin', (provider: IdentityProvider) => provider.begin({} as never)],
    ['complete', (provider: IdentityProvider) => provider.complete(new URL('https://a.test'), {} as never)],
    ['logoutUrl', (provider: IdentityProvider) => provider.logoutUrl({} as never)],
    ['verifyLogoutToken', (provider: IdentityProvider) => provider.verifyLogoutToken?.('')],
    ['ready', (provider: IdentityProvider) => provider.ready()],
  ])('holds no request for ever: %s of a provider', async (_, ask) => {
    const asked = expect(ask(isolateProvider(hanging))).rejects.toMatchObject({
      code: 'provider_unavailable',
    })
    await vi.advanceTimersByTimeAsync(30_000)
    await asked
  })

  it('holds no request for ever: pages', async () => {
    const pages = isolatePages({ owns: () => true, isPublic: () => true, handle: never })
    const asked = expect(pages.handle(new Request('https://a.test'))).rejects.toMatchObject({
      code: 'page_unavailable',
    })
    await vi.advanceTimersByTimeAsync(30_000)
    await asked
  })
})

describe('/ready', () => {
  it.each([
    [
      'throws',
      () => {
        throw new Error('broken')
      },
    ],
    ['rejects', () => Promise.reject(new Error('broken'))],
    ['answers nothing', async () => undefined],
    ['answers a text', async () => 'true'],
    ['answers an object', () => ({})],
    ['says no', async () => false],
  ])('is 503 and names the provider that %s', async (_, ready) => {
    const gate = await createGate({
      store: memoryStore(),
      publicUrl: 'https://gate.test',
      secret: SECRET,
      keys: [{ algorithm: 'HS256', secret: SIGNING_SECRET }],
      identityProvider: { ...hanging, ready: ready as never },
    })
    const response = await gate.handle(new Request('https://gate.test/ready'))
    expect([response.status, await response.json()]).toMatchObject([
      503,
      { status: 'not_ready', store: true, identity_provider: false },
    ])
    await gate.close()
  })
})
