import { describe, expect, it } from 'vitest'
import {
  type ClientAddressOptions,
  networkOf,
  peerAddress,
  resolveClientAddress,
} from '../../src/request/client-address.js'

function addressOf(
  option: ClientAddressOptions | undefined,
  remoteAddress: string | undefined,
  ...forwarded: string[]
) {
  const problems: string[] = []
  const read = option ? resolveClientAddress(option, problems) : peerAddress(() => {})
  expect(problems).toEqual([])
  const rawHeaders = forwarded.flatMap((line) => ['X-Forwarded-For', line])
  return read({ rawHeaders, ...(remoteAddress === undefined ? {} : { remoteAddress }) })
}

const PROXIES = { trustedProxies: ['loopback', '10.0.0.0/8', '2001:db8:1::/48', '192.0.2.7'] }

describe('the address of a client', () => {
  it('is the peer’s own, and no header is read, unless proxies are named', () => {
    expect(addressOf(undefined, '198.51.100.9', '203.0.113.5')).toBe('198.51.100.9')
    expect(addressOf(undefined, '127.0.0.1', '203.0.113.5')).toBe('127.0.0.1')
  })

  it.each([
    ['::ffff:198.51.100.9', '198.51.100.9'],
    ['::FFFF:C633:6409', '198.51.100.9'],
    ['2001:DB8:0:0:0:0:0:9', '2001:db8::9'],
    ['fe80::1%eth0', 'fe80::1'],
    [undefined, undefined],
    ['pipe', undefined],
  ])('has one spelling: %s is %s', (peer, address) => {
    expect(addressOf(undefined, peer)).toBe(address)
  })

  it('is never believed from a peer that is no trusted proxy', () => {
    expect(addressOf(PROXIES, '198.51.100.9', '203.0.113.5')).toBe('198.51.100.9')
    expect(addressOf(PROXIES, undefined, '203.0.113.5')).toBe(undefined)
  })

  it('is the last in the list that no trusted proxy has', () => {
    expect(addressOf(PROXIES, '127.0.0.1', '1.1.1.1, 203.0.113.5, 10.1.2.3')).toBe('203.0.113.5')
    expect(addressOf(PROXIES, '::ffff:10.9.9.9', '203.0.113.5')).toBe('203.0.113.5')
    expect(addressOf(PROXIES, '2001:db8:1::4', '192.0.2.8, 192.0.2.7')).toBe('192.0.2.8')
    expect(addressOf(PROXIES, '::1', '10.0.0.1,10.0.0.2')).toBe('10.0.0.1')
    expect(addressOf(PROXIES, '127.0.0.1')).toBe('127.0.0.1')
  })

  it('an IPv4-mapped spelling of a trusted proxy is the trusted proxy', () => {
    expect(addressOf(PROXIES, '127.0.0.1', '203.0.113.5, ::ffff:10.0.0.1')).toBe('203.0.113.5')
    expect(addressOf({ trustedProxies: ['::ffff:10.0.0.0/104'] }, '10.2.0.1', '203.0.113.5')).toBe(
      '203.0.113.5',
    )
  })

  it('several header lines are one list, in their order', () => {
    expect(addressOf(PROXIES, '127.0.0.1', '1.1.1.1', '203.0.113.5', '10.0.0.1')).toBe('203.0.113.5')
  })

  it.each([
    ['203.0.113.5:4711', '203.0.113.5'],
    ['[2001:db8::5]:4711', '2001:db8::5'],
    ['[2001:DB8::5]', '2001:db8::5'],
    ['2001:db8::5', '2001:db8::5'],
    [' \t203.0.113.5\t ', '203.0.113.5'],
    ['::ffff:203.0.113.5', '203.0.113.5'],
  ])('may come with a port or in brackets: %j is %s', (node, address) => {
    expect(addressOf(PROXIES, '127.0.0.1', node)).toBe(address)
  })

  it.each([
    'unknown',
    '_hidden',
    '',
    '203.0.113.5\u00a0',
    '203.0.113.05',
    '203.0.113.5:',
    '203.0.113.5:123456',
    '[203.0.113.5]',
    '[2001:db8::5',
    'fe80::1%eth0',
    '"203.0.113.5"',
    'for=203.0.113.5',
    '203.0.113.5 203.0.113.6',
  ])('what is no address ends the walk at the last one that was believed: %j', (garbage) => {
    expect(addressOf(PROXIES, '127.0.0.1', `1.1.1.1, ${garbage}, 10.0.0.1`)).toBe('10.0.0.1')
    expect(addressOf({ hops: 3 }, '127.0.0.1', `1.1.1.1, ${garbage}, 10.0.0.1`)).toBe('10.0.0.1')
  })

  it('is found behind a number of hops, wherever they are', () => {
    expect(addressOf({ hops: 1 }, '198.51.100.9', '1.1.1.1, 203.0.113.5')).toBe('203.0.113.5')
    expect(addressOf({ hops: 2 }, '198.51.100.9', '1.1.1.1, 203.0.113.5, 10.0.0.1')).toBe('203.0.113.5')
    expect(addressOf({ hops: 2 }, '198.51.100.9', '203.0.113.5')).toBe('203.0.113.5')
    expect(addressOf({ hops: 1 }, undefined, '203.0.113.5')).toBe('203.0.113.5')
  })

  it.each([
    [{ trustedProxies: [] }],
    [{ trustedProxies: ['everyone'] }],
    [{ trustedProxies: ['10.0.0.0/33'] }],
    [{ trustedProxies: ['10.0.0.0/8/8'] }],
    [{ trustedProxies: ['10.0.0.0/'] }],
    [{ trustedProxies: ['10.0.0.0/-1'] }],
    [{ trustedProxies: ['0.0.0.0/0'] }],
    [{ trustedProxies: ['::/0'] }],
    [{ trustedProxies: ['proxy.example.com'] }],
    [{ hops: 0 }],
    [{ hops: 1.5 }],
    [{ hops: 11 }],
  ])('an option that cannot be meant is a problem: %j', (option) => {
    const problems: string[] = []
    resolveClientAddress(option, problems)
    expect(problems).toHaveLength(1)
  })

  it('a proxy that nobody has told of is noticed, once', () => {
    const rawHeaders = ['x-forwarded-for', '203.0.113.5']
    let noticed = 0
    const read = peerAddress(() => {
      noticed += 1
    })
    read({ rawHeaders: [], remoteAddress: '127.0.0.1' })
    read({ rawHeaders, remoteAddress: '203.0.113.9' })
    expect(noticed).toBe(0)
    expect(read({ rawHeaders, remoteAddress: '::ffff:10.0.0.1' })).toBe('10.0.0.1')
    read({ rawHeaders, remoteAddress: '127.0.0.1' })
    expect(noticed).toBe(1)
  })

  it('a long run of spaces costs no more than its length', () => {
    const read = resolveClientAddress(PROXIES, [])
    const began = performance.now()
    const rawHeaders = ['x-forwarded-for', `1.1.1.1${' '.repeat(1_000_000)}x`]
    expect(read({ rawHeaders, remoteAddress: '127.0.0.1' })).toBe('127.0.0.1')
    expect(performance.now() - began).toBeLessThan(1000)
  })
})

describe('what counts as one client', () => {
  it.each([
    ['203.0.113.5', '203.0.113.5'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['1:2:3:4:5::', '1:2:3:4::/64'],
  ])('%s is %s', (address, network) => {
    expect(networkOf(address)).toBe(network)
  })
})
