import { oneOf } from '../input/kinds.js'
import { type GivenOptions, optional, readOptions, type UsedOptions } from '../input/options.js'

const AUTH_REQUEST_OPTIONS = {
  /**
   * Which proxy asks, and so where the original request is found. Headers of the others are not looked at.
   * `nginx` (`auth_request`): `X-Original-Method` and `X-Original-URI` or `X-Original-URL`, which its configuration has to
   * set. `forward-auth` (Traefik forwardAuth, Caddy forward_auth): `X-Forwarded-Method` and `X-Forwarded-Uri`. Without the
   * method a request is refused. `envoy` (ext_authz over HTTP with `path_prefix: /oauth2/auth`): the method and the path of
   * the request to the gate itself. Default: the first two, of which the stricter counts, so that a client cannot send the
   * headers that its proxy does not set; a proxy that tells no method is answered for reading alone.
   */
  proxy: optional(oneOf('nginx', 'forward-auth', 'envoy')),
  /**
   * What a browser without a session gets: `refuse` (default), a 401 that nginx makes a redirect of, or `login`, the redirect
   * itself, for proxies that pass it on. `?login=refuse` and `?login=redirect` say so for one place.
   */
  unauthenticated: optional(oneOf('refuse', 'login'), { default: 'refuse' }),
}

/** For reverse proxies that ask the gate at `/oauth2/auth` whether a request may pass. */
export interface AuthRequestOptions extends GivenOptions<typeof AUTH_REQUEST_OPTIONS> {}

export interface ResolvedAuthRequest extends UsedOptions<typeof AUTH_REQUEST_OPTIONS> {}

export type AuthRequestProxy = NonNullable<AuthRequestOptions['proxy']>

export function resolveAuthRequest(
  given: AuthRequestOptions = {},
  problems: string[],
  name: string,
): ResolvedAuthRequest {
  return readOptions(given, AUTH_REQUEST_OPTIONS, problems, name)
}
