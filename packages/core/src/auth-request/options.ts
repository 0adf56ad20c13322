import { checkMembers } from '../input/check.js'
import { checkedByValue } from '../input/kinds.js'

/** For reverse proxies that ask the gate at `/oauth2/auth` whether a request may pass. */
export interface AuthRequestOptions {
  /**
   * Which proxy asks, and so where the original request is found. Headers of the others are not looked at.
   * `nginx` (`auth_request`): `X-Original-Method` and `X-Original-URI` or `X-Original-URL`, which its configuration has to
   * set. `forward-auth` (Traefik forwardAuth, Caddy forward_auth): `X-Forwarded-Method` and `X-Forwarded-Uri`. Without the
   * method a request is refused. `envoy` (ext_authz over HTTP with `path_prefix: /oauth2/auth`): the method and the path of
   * the request to the gate itself. Default: the first two, of which the stricter counts, so that a client cannot send the
   * headers that its proxy does not set; a proxy that tells no method is answered for reading alone.
   */
  readonly proxy?: AuthRequestProxy
  /**
   * What a browser without a session gets: `refuse` (default), a 401 that nginx makes a redirect of, or `login`, the redirect
   * itself, for proxies that pass it on. `?login=refuse` and `?login=redirect` say so for one place.
   */
  readonly unauthenticated?: 'refuse' | 'login'
}

export type AuthRequestProxy = 'nginx' | 'forward-auth' | 'envoy'

export interface ResolvedAuthRequest {
  readonly proxy: AuthRequestProxy | undefined
  readonly unauthenticated: 'refuse' | 'login'
}

export function resolveAuthRequest(given: AuthRequestOptions = {}, problems: string[]): ResolvedAuthRequest {
  const { proxy, unauthenticated = 'refuse' } = checkMembers(
    given,
    { proxy: checkedByValue, unauthenticated: checkedByValue },
    problems,
    { name: 'authRequest' },
  )
  if (proxy !== undefined && !['nginx', 'forward-auth', 'envoy'].includes(proxy))
    problems.push('authRequest: proxy: give nginx, forward-auth or envoy')
  if (!['refuse', 'login'].includes(unauthenticated))
    problems.push('authRequest: unauthenticated: give refuse or login')
  return Object.freeze({ proxy, unauthenticated })
}
