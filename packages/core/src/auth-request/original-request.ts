import { isReading } from '../authorization/roles.js'
import { denial } from '../errors/denial.js'
import { done, type Outcome, refused } from '../errors/outcome.js'
import { headerValues, refuseHead } from '../request/head.js'
import type { RequestView } from '../request/view.js'
import type { AuthRequestProxy } from './options.js'

export const AUTH_REQUEST_PATH = '/oauth2/auth'

/** The request that a proxy asks about. */
export interface OriginalRequest {
  readonly view: RequestView
  /** False when the proxy has told no method: what is asked about may be anything. */
  readonly isMethodKnown: boolean
}

interface Told {
  readonly methods: readonly string[]
  readonly targets: readonly string[]
}

const METHOD = /^[A-Za-z]{1,32}$/
const ORIGIN = /^https?:\/\/[^/?#]*/i

/**
 * The request that a proxy asks about, by the headers of its convention. Refused with `original_request_unknown` when the
 * proxy that is configured does not tell it, else with what the gate refuses any request for, as a 403: proxies take other
 * statuses for a broken gate.
 */
export function originalOf(proxy: AuthRequestProxy | undefined, view: RequestView): Outcome<OriginalRequest> {
  const { methods, targets } = TOLD_BY[proxy ?? 'any'](view)
  const isOne = methods.length === 1 && METHOD.test(methods[0] ?? '')
  if (proxy !== undefined && !isOne) return refused('original_request_unknown')
  const [target = view.target] = targets
  // Of several that a client may have had a hand in, the one that asks for most.
  const method = methods.find((candidate) => !isReading(candidate)) ?? methods[0] ?? view.method
  for (const candidate of targets.length > 0 ? targets : [target]) {
    const malformed = refuseHead({ ...view, method, target: candidate })
    if (malformed) return { ok: false, denial: { ...malformed, status: denial('role_insufficient').status } }
  }
  return done({ view: { ...view, method, target }, isMethodKnown: methods.length > 0 })
}

const TOLD_BY: Readonly<Record<AuthRequestProxy | 'any', (view: RequestView) => Told>> = {
  nginx,
  'forward-auth': forwardAuth,
  envoy: ({ method, target }) => ({
    methods: [method],
    targets: [target.slice(AUTH_REQUEST_PATH.length).replace(/^(?!\/)/, '/')],
  }),
  any(view) {
    const [ofNginx, ofForwardAuth] = [nginx(view), forwardAuth(view)]
    return {
      methods: [...ofNginx.methods, ...ofForwardAuth.methods],
      targets: [...ofNginx.targets, ...ofForwardAuth.targets],
    }
  },
}

function nginx({ rawHeaders }: RequestView): Told {
  const urls = headerValues(rawHeaders, 'x-original-url').map((url) => url.replace(ORIGIN, ''))
  return {
    methods: headerValues(rawHeaders, 'x-original-method'),
    targets: [...headerValues(rawHeaders, 'x-original-uri'), ...urls],
  }
}

function forwardAuth({ rawHeaders }: RequestView): Told {
  return {
    methods: headerValues(rawHeaders, 'x-forwarded-method'),
    targets: headerValues(rawHeaders, 'x-forwarded-uri'),
  }
}
