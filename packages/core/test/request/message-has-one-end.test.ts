import { describe, expect, it } from 'vitest'
import { isIgnoredUpgrade, isUpgrade, readFraming, refuseMessage } from '../../src/request/head.js'

const HOST = ['Host', 'gate.test']
const framed = (...rawHeaders: string[]) => readFraming(rawHeaders)
const refused = (httpVersion: string, ...rawHeaders: string[]) =>
  refuseMessage({ httpVersion, rawHeaders })?.code

describe('how much body a message announces (RFC 9112 §6)', () => {
  it('is a length, chunked, or none', () => {
    expect(framed('Content-Length', '007')).toEqual({ length: '7' })
    expect(framed('Content-Length', '7', 'content-length', '7')).toEqual({ length: '7' })
    expect(framed('Transfer-Encoding', 'Chunked')).toBe('chunked')
    expect(framed()).toBe('none')
  })

  it.each([
    ['both at once', ['Content-Length', '0', 'Transfer-Encoding', 'chunked'], 'framing_ambiguous'],
    ['two lengths', ['Content-Length', '1', 'Content-Length', '2'], 'framing_ambiguous'],
    ['a list of lengths', ['Content-Length', '1, 1'], 'framing_ambiguous'],
    ['a sign', ['Content-Length', '+1'], 'framing_ambiguous'],
    ['another base', ['Content-Length', '0x1'], 'framing_ambiguous'],
    ['more than a number counts', ['Content-Length', '9007199254740993'], 'framing_ambiguous'],
    ['nothing', ['Content-Length', ''], 'framing_ambiguous'],
    ['a coding beside chunked', ['Transfer-Encoding', 'gzip, chunked'], 'transfer_coding_refused'],
    [
      'chunked twice',
      ['Transfer-Encoding', 'chunked', 'Transfer-Encoding', 'chunked'],
      'transfer_coding_refused',
    ],
    ['another coding', ['Transfer-Encoding', 'identity'], 'transfer_coding_refused'],
  ])('is not guessed: %s', (_, rawHeaders, code) => {
    expect(framed(...rawHeaders)).toMatchObject({ code })
  })
})

describe('a message', () => {
  it.each([
    ['of HTTP/1.1', '1.1', HOST],
    ['of HTTP/1.0, which needs no Host', '1.0', []],
    ['for a port', '1.1', ['Host', 'gate.test:8080']],
    ['for an IPv6 address', '1.1', ['Host', '[::1]:8080']],
  ])('is read: %s', (_, version, rawHeaders) => {
    expect(refused(version, ...rawHeaders)).toBeUndefined()
  })

  it.each([
    ['without a Host', '1.1', [], 'host_invalid'],
    ['with two, though the same', '1.1', [...HOST, ...HOST], 'host_invalid'],
    ['for a list of hosts', '1.1', ['Host', 'a.test,b.test'], 'host_invalid'],
    ['for a user at a host', '1.1', ['Host', 'a@gate.test'], 'host_invalid'],
    ['for an empty host', '1.1', ['Host', ''], 'host_invalid'],
    ['for brackets without an address', '1.1', ['Host', '[gate]'], 'host_invalid'],
    ['with a port of six digits', '1.1', ['Host', 'gate.test:123456'], 'host_invalid'],
    ['of another version', '2.0', HOST, 'version_refused'],
    ['of HTTP/1.0 in chunks', '1.0', [...HOST, 'Transfer-Encoding', 'chunked'], 'framing_ambiguous'],
  ])('is refused: %s', (_, version, rawHeaders, code) => {
    expect(refused(version, ...rawHeaders)).toBe(code)
  })
})

describe('a request for another protocol', () => {
  it('is told by Upgrade, or by any field of a WebSocket handshake (RFC 6455 §4.1)', () => {
    expect(isUpgrade({ rawHeaders: ['UPGRADE', 'x'] })).toBe(true)
    expect(isUpgrade({ rawHeaders: ['Sec-WebSocket-Key', 'x'] })).toBe(true)
    expect(isUpgrade({ rawHeaders: ['X-Note', 'upgrade', 'Upgraded', '1'] })).toBe(false)
  })

  it('is passed over when it is HTTP/2 and nothing else', () => {
    expect(isIgnoredUpgrade({ rawHeaders: ['Upgrade', 'h2c'] })).toBe(true)
    expect(isIgnoredUpgrade({ rawHeaders: ['Upgrade', 'h2c, websocket'] })).toBe(false)
    expect(isIgnoredUpgrade({ rawHeaders: ['Upgrade', 'h2c', 'Sec-WebSocket-Version', '13'] })).toBe(false)
    expect(isIgnoredUpgrade({ rawHeaders: [] })).toBe(false)
  })
})
