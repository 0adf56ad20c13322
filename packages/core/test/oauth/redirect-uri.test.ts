import { describe, expect, it } from 'vitest'
import type { OAuthClient } from '../../src/oauth/clients.js'
import { mayRedirectTo } from '../../src/oauth/redirect-uri.js'

const client = (...redirectUris: string[]): OAuthClient => ({ id: 'app', name: 'App', redirectUris })

describe('a client is answered', () => {
  const registered = client('https://app.example.com/cb', 'http://127.0.0.1/cb?x=1', 'http://[::1]:9/cb')

  it.each([
    'https://app.example.com/cb',
    'http://127.0.0.1/cb?x=1',
    'http://127.0.0.1:51004/cb?x=1',
    'http://[::1]:51004/cb',
  ])(
    'at a URI that is registered, where the port of a loopback address is free (RFC 8252 §7.3): %s',
    (uri) => {
      expect(mayRedirectTo(registered, uri)).toBe(true)
    },
  )

  it.each([
    ['another path', 'https://app.example.com/cb/'],
    ['a query more', 'https://app.example.com/cb?next=evil'],
    ['another port of a host that is no loopback', 'https://app.example.com:444/cb'],
    ['the same host as a user name', 'https://app.example.com@evil.test/cb'],
    ['a path that only comes to the same', 'https://app.example.com/x/../cb'],
    ['a fragment', 'http://127.0.0.1:51004/cb?x=1#a'],
    ['a user on the loopback', 'http://me@127.0.0.1:51004/cb?x=1'],
    ['another query on the loopback', 'http://127.0.0.1:51004/cb?x=2'],
    ['another name of the loopback', 'http://localhost:51004/cb?x=1'],
    ['https on the loopback', 'https://127.0.0.1:51004/cb?x=1'],
    ['a host that begins like the loopback', 'http://127.0.0.1.evil.test/cb?x=1'],
    ['no URI', 'cb'],
  ])('nowhere else: %s', (_, uri) => {
    expect(mayRedirectTo(registered, uri)).toBe(false)
  })

  it('nowhere when nothing is registered', () => {
    expect(mayRedirectTo({ id: 'app', name: 'App' }, 'http://127.0.0.1:1/')).toBe(false)
  })
})
