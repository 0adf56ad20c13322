import type { Admission, UpstreamTarget } from '../admission/admission.js'
import { PortcullisError } from '../errors/portcullis-error.js'
import {
  checkedByValue,
  havingMethods,
  integer,
  listOf,
  mapOf,
  oneOf,
  someObject,
  text,
} from '../input/kinds.js'
import { type GivenOptions, optional, readOptions, required } from '../input/options.js'
import type { ReadyAdmission } from './admission/ask-admissions.js'
import { type ResponseRules, responseHeaderFilter } from './client-headers.js'
import type { Deadlines } from './exchange.js'
import { type HeaderFilter, headerFilter, isHeader, normaliseName } from './header-fields.js'
import { DEFAULT_IDENTITY_HEADERS, type IdentityHeaders, type IdentityPart } from './identity-headers.js'
import { RECHECK_EVERY_MS } from './recheck.js'
import { NEVER_ALLOWED, NEVER_IDENTITY_HEADERS } from './removed-request-headers.js'
import { readUpstream, type Upstream } from './upstream.js'
import { requestHeaderFilter } from './upstream-headers.js'

const DAY_MS = 86_400_000
const IDENTITY_PART = oneOf<IdentityPart>('accountId', 'email', 'name', 'groups', 'role', 'credentialId')

const FORWARD_OPTIONS = {
  /**
   * Where requests go. A function chooses by path, and `undefined` answers 404; it should return the same objects
   * again, since each is read and checked once.
   */
  upstream: required<UpstreamTarget | ((path: string) => UpstreamTarget | undefined)>(checkedByValue),
  /**
   * Which headers tell the upstream who calls; replaces the default: the account id in `x-portcullis-user`,
   * the e-mail in `x-portcullis-email`. Values are percent-encoded where they are not visible
   * ASCII.
   */
  identityHeaders: optional(mapOf(IDENTITY_PART), { default: DEFAULT_IDENTITY_HEADERS }),
  /**
   * `all` (default): what a client sends, without `REMOVED_REQUEST_HEADERS` and every name that says who or whose it is.
   * `listed`: what `allowRequestHeaders` names and nothing else; `content-type`, `accept` and `user-agent` are named
   * there too.
   */
  forwardRequestHeaders: optional(oneOf('all', 'listed'), { default: 'all' }),
  /**
   * Inbound headers that reach an upstream although they are removed by default, in any spelling; a trailing `*` stands
   * for any ending. Whatever they claim, any caller can claim. Credentials, framing, `x-portcullis-*`, identity headers
   * and what would name another path or method are never let through.
   */
  allowRequestHeaders: optional(listOf(text)),
  /**
   * More inbound headers that the upstream would take for claims about who calls, such as those of its own vendor, in any
   * spelling; a trailing `*` stands for any ending. Removed unless `allowRequestHeaders` names them.
   */
  distrustRequestHeaders: optional(listOf(text), { default: [] }),
  /** More inbound headers that must not reach an upstream, whatever is allowed, in any spelling; a trailing `*` stands for any ending. */
  removeRequestHeaders: optional(listOf(text), { default: [] }),
  /** More upstream headers that must not reach a client; a trailing `*` stands for any ending. */
  removeResponseHeaders: optional(listOf(text), { default: [] }),
  /**
   * Whether what the upstream sends may act as a page of the gate's origin when a browser opens it. `sandboxed`
   * (default) adds `x-content-type-options: nosniff` and `content-security-policy: sandbox`, which programs do not
   * notice; `insecure_same_origin` is for an upstream whose web pages are as trusted as the gate's own.
   */
  upstreamPages: optional(oneOf('sandboxed', 'insecure_same_origin'), { default: 'sandboxed' }),
  /** Reaching the upstream, TLS included, may take this long; then 504. 1 to 60000, default 10000. */
  connectTimeoutMs: optional(integer(1, 60_000), { default: 10_000 }),
  /**
   * The upstream may be silent this long between the end of the request and the beginning of its response; then 504.
   * 1 to 86400000, default 600000, as long as clients of slow services
   * usually wait.
   */
  responseTimeoutMs: optional(integer(1, DAY_MS), { default: 600_000 }),
  /**
   * A response may pause this long, whichever side is to blame, before it is broken off. 1 to 86400000, default
   * 300000, since an upstream may be at work without a word.
   */
  idleTimeoutMs: optional(integer(1, DAY_MS), { default: 300_000 }),
  /**
   * What happens to running answers and WebSockets of whoever is banned, revoked or logged out. `cut` (default) ends
   * them within `recheckEveryMs` and a store call; `insecure_finish` lets them run for as long as the upstream sends.
   * The expiry of a credential never cuts a running answer, and always ends a WebSocket.
   */
  onAccessWithdrawn: optional(oneOf('cut', 'insecure_finish'), { default: 'cut' }),
  /** How often the gate is asked about each credential in use. 10 to 60000, default 1000. */
  recheckEveryMs: optional(integer(10, 60_000), { default: RECHECK_EVERY_MS }),
  /** Asked about each call in this order, after those that the gate brings. */
  admissions: optional<readonly Admission[]>(listOf(havingMethods('admit')), { default: [] }),
  /** Upstreams that admissions may choose, by name. */
  namedUpstreams: optional<Readonly<Record<string, UpstreamTarget>>>(mapOf(someObject), { default: {} }),
  /** How long each admission may take for its verdict; then 503. 1 to 60000, default 5000. */
  admissionTimeoutMs: optional(integer(1, 60_000), { default: 5_000 }),
  /**
   * How much of request bodies may wait in memory for verdicts, of all calls together; beyond that 503. 1048576 to
   * 68719476736, default 268435456.
   */
  heldBodiesAtMostBytes: optional(integer(1_048_576, 68_719_476_736), { default: 268_435_456 }),
}

/** What a forwarder takes. */
export interface ForwardOptions extends GivenOptions<typeof FORWARD_OPTIONS> {}

export interface ResolvedForwardOptions {
  readonly upstreamFor: (path: string) => Upstream | undefined
  readonly identityHeaders: readonly (readonly [string, IdentityPart])[]
  readonly removedFromRequest: HeaderFilter
  readonly responses: ResponseRules
  readonly deadlines: Deadlines
  readonly cutsWithdrawn: boolean
  readonly recheckEveryMs: number
  readonly admissions: readonly ReadyAdmission[]
  readonly admissionTimeoutMs: number
  readonly heldBodiesAtMostBytes: number
}

/**
 * What is wrong with some of the options of a forwarder, such as those that were read from settings: every problem that
 * `createForwarder` would name. What is not given is no problem here.
 */
export function checkForwardOptions(given: Partial<ForwardOptions>): readonly string[] {
  try {
    resolveForwardOptions({ upstream: () => undefined, ...given }, NO_GATE)
    return []
  } catch (error) {
    if (!(error instanceof PortcullisError)) throw error
    return error.problems
  }
}

/** What of the gate the options are read with. */
interface GateOfOptions {
  readonly admissions: readonly Admission[]
  readonly credentialHeaders: readonly string[]
}

const NO_GATE: GateOfOptions = { admissions: [], credentialHeaders: [] }

/** Fills in every default. Throws `configuration_invalid` that names every problem at once. */
export function resolveForwardOptions(
  given: ForwardOptions,
  { admissions: admissionsOfGate, credentialHeaders }: GateOfOptions,
): ResolvedForwardOptions {
  const problems: string[] = []
  const options = readOptions(given, FORWARD_OPTIONS, problems)
  const { allowRequestHeaders = [], forwardRequestHeaders, recheckEveryMs, admissionTimeoutMs } = options
  const identityHeaders = readIdentityHeaders(options.identityHeaders, credentialHeaders, problems)
  const neverPassed = [...credentialHeaders, ...identityHeaders.map(([name]) => name)]
  requireAllowable(allowRequestHeaders, neverPassed, problems)
  if (forwardRequestHeaders === 'listed' && options.allowRequestHeaders === undefined)
    problems.push('forwardRequestHeaders: list in allowRequestHeaders what passes')
  const upstreamFor = readUpstreams(options.upstream, problems)
  const named = readNamed('namedUpstreams', options.namedUpstreams, problems)
  const admissions = [...admissionsOfGate, ...options.admissions].map((admission) => {
    const own = readNamed(`admission ${admission.name}`, admission.upstreams, problems)
    return { admission, upstreams: new Map([...named, ...own]) }
  })
  if (problems.length > 0)
    throw new PortcullisError('configuration_invalid', `Cannot forward: ${problems.join('; ')}`, { problems })
  return {
    upstreamFor,
    identityHeaders,
    removedFromRequest: requestHeaderFilter({
      allowed: allowRequestHeaders,
      distrusted: options.distrustRequestHeaders,
      removed: [...options.removeRequestHeaders, ...neverPassed],
      onlyAllowed: forwardRequestHeaders === 'listed',
    }),
    responses: {
      removed: responseHeaderFilter([
        ...options.removeResponseHeaders,
        ...identityHeaders.map(([name]) => name),
      ]),
      isSandboxed: options.upstreamPages === 'sandboxed',
    },
    deadlines: {
      connectMs: options.connectTimeoutMs,
      responseMs: options.responseTimeoutMs,
      idleMs: options.idleTimeoutMs,
    },
    cutsWithdrawn: options.onAccessWithdrawn === 'cut',
    recheckEveryMs,
    admissions,
    admissionTimeoutMs,
    heldBodiesAtMostBytes: options.heldBodiesAtMostBytes,
  }
}

function readNamed(
  where: string,
  targets: Readonly<Record<string, UpstreamTarget>> = {},
  problems: string[],
): Map<string, Upstream> {
  const read = new Map<string, Upstream>()
  for (const [name, target] of Object.entries(targets)) {
    try {
      read.set(name, readUpstream(target))
    } catch (cause) {
      if (!(cause instanceof PortcullisError)) throw cause
      problems.push(...cause.problems.map((problem) => `${where} ${JSON.stringify(name)}: ${problem}`))
    }
  }
  return read
}

function readUpstreams(
  option: ForwardOptions['upstream'],
  problems: string[],
): ResolvedForwardOptions['upstreamFor'] {
  // One that is missing was named already.
  if (option === undefined) return () => undefined
  if (typeof option !== 'function') {
    try {
      const upstream = readUpstream(option)
      return () => upstream
    } catch (cause) {
      if (!(cause instanceof PortcullisError)) throw cause
      problems.push(...cause.problems)
      return () => undefined
    }
  }
  const known = new WeakMap<UpstreamTarget, Upstream>()
  return (path) => {
    const target = option(path)
    if (!target) return undefined
    // Nobody waits for a promise here, and its failure would end the process.
    if (target instanceof Promise) target.catch(() => {})
    const upstream = known.get(target) ?? readUpstream(target)
    known.set(target, upstream)
    return upstream
  }
}

function readIdentityHeaders(
  headers: IdentityHeaders,
  credentialHeaders: readonly string[],
  problems: string[],
): ResolvedForwardOptions['identityHeaders'] {
  const isReserved = headerFilter([...NEVER_IDENTITY_HEADERS, ...credentialHeaders])
  const entries = Object.entries(headers).map(([name, part]) => [name.toLowerCase(), part] as const)
  for (const [name] of entries)
    if (isReserved(normaliseName(name)) || !isHeader(name, ''))
      problems.push(`identityHeaders: ${JSON.stringify(name)} cannot carry an identity`)
  return entries
}

/** A pattern may cover what is never let through, which is then not; a name that says just that is a mistake. */
function requireAllowable(
  allowed: readonly string[],
  neverPassed: readonly string[],
  problems: string[],
): void {
  const isNever = headerFilter([...NEVER_ALLOWED, ...neverPassed])
  for (const name of allowed)
    if (!isHeader(name.replace(/\*$/, ''), '') || isNever(normaliseName(name.replace(/\*$/, ''))))
      problems.push(`allowRequestHeaders: ${JSON.stringify(name)} cannot be let through`)
}
