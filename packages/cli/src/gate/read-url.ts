import { Misuse } from '../failure.js'

/**
 * The origin of a gate, without a trailing slash. Throws `Misuse` unless it is https, or http on this machine: whoever
 * listens on the way would have the tokens.
 */
export function readGateUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url || !/^https?:$/.test(url.protocol) || url.hostname === '')
    throw new Misuse(`${text} is no gate; give its URL, as https://gate.example.com`)
  if (url.username !== '' || url.password !== '')
    throw new Misuse('a gate takes no user name or password in its URL')
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '')
    throw new Misuse(`give the gate without a path: ${url.origin}`)
  if (!isConfidential(url))
    throw new Misuse(
      `${url.origin} would send tokens in the clear; http is for this machine alone, give https`,
    )
  return url.origin
}

/** Nobody else reads what is sent there. */
export function isConfidential({ protocol, hostname }: URL): boolean {
  return protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname))
}

function isLoopback(hostname: string): boolean {
  return /^(localhost|.+\.localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname)
}
