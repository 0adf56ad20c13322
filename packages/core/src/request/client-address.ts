import { BlockList, isIP, SocketAddress } from 'node:net'
import { checkMembers } from '../input/check.js'
import { checkedByValue, integer, listOf, text } from '../input/kinds.js'
import { headerValues } from './head.js'
import type { RequestView } from './view.js'

const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/

/**
 * The one spelling of an IP address: IPv6 as RFC 5952 writes it, an IPv4-mapped one as the IPv4 address that it is, no
 * zone. Undefined for anything else, surrounding space included.
 */
function canonicalAddress(text: string): string | undefined {
  const [address = '', zone] = text.split('%', 2)
  if (zone === '') return undefined
  switch (isIP(address)) {
    case 4:
      return zone === undefined ? address : undefined
    case 6: {
      const canonical = new SocketAddress({ address, family: 'ipv6' }).address
      return MAPPED.exec(canonical)?.[1] ?? canonical
    }
    default:
      return undefined
  }
}

/**
 * What counts as one client: an IPv4 address, or the /64 that an IPv6 host has to itself (RFC 6177). Takes a canonical
 * address.
 */
export function networkOf(address: string): string {
  return isIP(address) === 6 ? `${groupsOf(address).slice(0, 4).join(':')}::/64` : address
}

/** The eight groups; an embedded IPv4 address is in the last two, which no network of ours reaches. */
function groupsOf(address: string): string[] {
  const [head = '', tail] = address.split('::', 2)
  const before = head.split(':').filter(Boolean)
  if (tail === undefined) return before
  const after = tail.split(':').filter(Boolean)
  const embedded = tail.includes('.') ? 1 : 0
  const gap = 8 - before.length - after.length - embedded
  return [...before, ...Array.from({ length: Math.max(gap, 0) }, () => '0'), ...after]
}

/**
 * Who says what a client's address is. `trustedProxies`: proxies at these addresses (`10.1.2.3`), networks
 * (`10.0.0.0/8`, `fd00::/8`) or ranges (`loopback`, `linklocal`, `private`) are believed about whom they forward for.
 * `hops`: 1 to 10 proxies stand before the gate, wherever they are; safe only where nobody reaches the gate past them.
 */
export type ClientAddressOptions =
  | { readonly trustedProxies: readonly string[] }
  /** Every peer is believed, so nobody but the proxies may reach the gate. */
  | { readonly hops: number }

/** The client's address in one spelling; undefined when nothing is known of it, as with a UNIX socket. */
export type ClientAddress = (view: Pick<RequestView, 'rawHeaders' | 'remoteAddress'>) => string | undefined

const RANGES: Readonly<Record<string, readonly string[]>> = {
  loopback: ['127.0.0.0/8', '::1'],
  linklocal: ['169.254.0.0/16', 'fe80::/10'],
  private: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'],
}

const MOST_HOPS = 10
/** An IPv6 address with an embedded IPv4 one, brackets and a port. */
const LONGEST_NODE = 53
/** Ranges that no stranger on the internet has an address of. */
const NEAR = networksOf(['loopback', 'private'], [])

/**
 * How to tell the address of a client behind proxies: the addresses of `X-Forwarded-For`, all lines of it as one list,
 * are walked from the right, as far as whoever wrote the next one is believed. What is no address ends the walk at the last one that was: nothing to its left is known to be true. A
 * header from a peer that is no trusted proxy is never read.
 */
export function resolveClientAddress(option: ClientAddressOptions, problems: string[]): ClientAddress {
  const { hops, trustedProxies } = checkMembers<{ hops?: number; trustedProxies?: readonly string[] }>(
    option,
    { hops: checkedByValue, trustedProxies: listOf(text) },
    problems,
    { name: 'clientAddress' },
  )
  if ('hops' in option === 'trustedProxies' in option)
    problems.push('clientAddress: give either trustedProxies or hops')
  if (hops !== undefined) {
    integer(1, MOST_HOPS)('clientAddress.hops', hops, problems)
    return (view) => walk(view, (_, passed) => passed < hops)
  }
  const trusted = networksOf(trustedProxies ?? [], problems)
  return (view) => walk(view, (address) => address !== undefined && includes(trusted, address))
}

/**
 * The peer's own address, for a gate that was told of no proxy. `notice` is called once when one seems to stand before
 * it all the same: everybody then has the proxy's address.
 */
export function peerAddress(notice: () => void): ClientAddress {
  let isNoticed = false
  return (view) => {
    const peer = peerOf(view)
    if (!isNoticed && peer !== undefined && isForwarded(view) && includes(NEAR, peer)) {
      isNoticed = true
      notice()
    }
    return peer
  }
}

function isForwarded({ rawHeaders }: Pick<RequestView, 'rawHeaders'>): boolean {
  return headerValues(rawHeaders, HEADER).length > 0
}

const HEADER = 'x-forwarded-for'

function peerOf({ remoteAddress }: Pick<RequestView, 'remoteAddress'>): string | undefined {
  return remoteAddress === undefined ? undefined : canonicalAddress(remoteAddress)
}

function walk(
  view: Pick<RequestView, 'rawHeaders' | 'remoteAddress'>,
  isBelieved: (address: string | undefined, passed: number) => boolean,
): string | undefined {
  let address = peerOf(view)
  let passed = 0
  if (!isBelieved(address, passed)) return address
  const list = headerValues(view.rawHeaders, HEADER).join(',')
  let end = list.length
  while (end > 0 && isBelieved(address, passed)) {
    const comma = list.lastIndexOf(',', end - 1)
    const next = readNode(list.slice(comma + 1, end))
    if (next === undefined) return address
    address = next
    passed += 1
    end = comma
  }
  return address
}

/** `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:4711`; only SP and HTAB around it. */
function readNode(text: string): string | undefined {
  const node = withoutPadding(text)
  if (node.length > LONGEST_NODE) return undefined
  const [, bracketed] = /^\[([^\]]*)\](?::\d{1,5})?$/.exec(node) ?? []
  if (bracketed !== undefined) return isIP(bracketed) === 6 ? canonicalForwarded(bracketed) : undefined
  const [, withoutPort] = /^([\d.]+):\d{1,5}$/.exec(node) ?? []
  return canonicalForwarded(withoutPort ?? node)
}

/** In one pass: a run of spaces costs no more than its length. */
function withoutPadding(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && isPadding(text[start])) start += 1
  while (end > start && isPadding(text[end - 1])) end -= 1
  return text.slice(start, end)
}

function isPadding(character: string | undefined): boolean {
  return character === ' ' || character === '\t'
}

/** A zone means something on one machine alone. */
function canonicalForwarded(text: string): string | undefined {
  return text.includes('%') ? undefined : canonicalAddress(text)
}

function networksOf(entries: readonly string[], problems: string[]): BlockList {
  const list = new BlockList()
  if (entries.length === 0)
    problems.push('clientAddress.trustedProxies: give at least one address, network or range')
  for (const entry of entries)
    for (const network of RANGES[entry] ?? [entry]) {
      const problem = addNetwork(list, network)
      if (problem) problems.push(`clientAddress.trustedProxies: ${JSON.stringify(entry)} ${problem}`)
    }
  return list
}

function addNetwork(list: BlockList, text: string): string | undefined {
  const names = Object.keys(RANGES).join(', ')
  const [host = '', prefix, ...more] = text.split('/')
  const address = host.includes('%') ? undefined : canonicalAddress(host)
  if (address === undefined || more.length > 0 || (prefix !== undefined && !/^\d{1,3}$/.test(prefix)))
    return `is no address, no network and none of ${names}`
  const bits = isIP(address) === 4 ? 32 : 128
  // The prefix of an IPv4-mapped network counts the 96 bits before the IPv4 address.
  const mapped = bits === 32 && host.includes(':') ? 96 : 0
  const length = prefix === undefined ? bits : Number(prefix) - mapped
  if (length > bits || length < 0) return 'has a prefix out of range'
  if (length === 0) return 'would believe everybody; count hops where the addresses of proxies are unknown'
  list.addSubnet(address, length, bits === 32 ? 'ipv4' : 'ipv6')
  return undefined
}

function includes(networks: BlockList, address: string): boolean {
  return networks.check(address, isIP(address) === 4 ? 'ipv4' : 'ipv6')
}
