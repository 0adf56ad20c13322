/** As `URL` writes them: RFC 6761 §6.3, RFC 1122 §3.2.1.3, RFC 4291 §2.5.3. */
const LOOPBACK_HOST = /^(localhost|127(\.\d+){3}|\[::1\])$/

/** Whether a URL is plain http to this machine itself, which crosses no network. Never for names below `localhost`. */
export function isLoopback({ protocol, hostname }: Pick<URL, 'protocol' | 'hostname'>): boolean {
  return protocol === 'http:' && LOOPBACK_HOST.test(hostname)
}

/** Whether what is sent to a URL can be read on no network: https, or http on loopback. */
export function isConfidential(url: Pick<URL, 'protocol' | 'hostname'>): boolean {
  return url.protocol === 'https:' || isLoopback(url)
}
