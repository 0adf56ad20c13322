import type { UpstreamTarget } from '../admission/admission.js'
import { PortcullisError } from '../errors/portcullis-error.js'
import { checkMembers } from '../input/check.js'
import { checkedByValue, mapOf, type Shape, text } from '../input/kinds.js'
import { type HeaderFilter, headerFilter, isHeader, normaliseName } from './header-fields.js'

/** An upstream, read and checked once. */
export interface Upstream {
  readonly target: {
    readonly protocol: string
    readonly host: string
    readonly hostname: string
    readonly port: number
  }
  readonly origin: string
  readonly host: string
  /** Empty, or with a leading and without a trailing slash. */
  readonly basePath: string
  /** By lower-case name. */
  readonly headers: readonly (readonly [name: string, value: string])[]
  /** Whether `headers` replaces what a client sent under a name. */
  readonly overridden: HeaderFilter
}

const RESERVED = headerFilter([
  'host',
  'connection',
  'content-length',
  'transfer-encoding',
  'te',
  'trailer',
  'upgrade',
])

const UPSTREAM: Shape<UpstreamTarget> = { url: checkedByValue, headers: mapOf(text) }

/** Throws `configuration_invalid` naming every problem, without quoting a header's value. */
export function readUpstream(given: UpstreamTarget): Upstream {
  const problems: string[] = []
  const { url: address, headers = {} } = checkMembers(given, UPSTREAM, problems, { name: 'upstream' })
  const url = URL.canParse(address) ? new URL(address) : undefined
  if (!url || !/^https?:$/.test(url.protocol) || url.search || url.hash || url.username || url.password)
    problems.push('upstream.url: give an http or https URL without user, query and fragment')
  for (const [name, value] of Object.entries(headers)) {
    if (RESERVED(normaliseName(name)) || !isHeader(name, value))
      problems.push(`upstream.headers: ${JSON.stringify(name)} cannot be sent`)
  }
  if (!url || problems.length > 0)
    throw new PortcullisError('configuration_invalid', `Cannot forward: ${problems.join('; ')}`, { problems })
  const isSecure = url.protocol === 'https:'
  return {
    target: {
      protocol: url.protocol,
      host: url.host,
      hostname: url.hostname,
      port: Number(url.port) || (isSecure ? 443 : 80),
    },
    origin: url.origin,
    host: url.host,
    basePath: url.pathname.replace(/\/+$/, ''),
    headers: Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const),
    overridden: headerFilter(Object.keys(headers)),
  }
}
