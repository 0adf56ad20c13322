import { isIP, SocketAddress } from 'node:net'

const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/

/**
 * The one spelling of an IP address: IPv6 as RFC 5952 writes it, an IPv4-mapped one as the IPv4 address that it is, no
 * zone. Undefined for anything else, surrounding space included.
 */
export function canonicalAddress(text: string): string | undefined {
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
