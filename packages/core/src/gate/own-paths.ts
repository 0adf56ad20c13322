/** Paths of routes that stand alone. Everything below a namespace is the gate's, also where no route is. */
export const SINGLE_PATHS = [
  '/v1/user/keys',
  '/device',
  '/health',
  '/ready',
  '/openapi.json',
  '/.well-known/jwks.json',
  '/.well-known/oauth-authorization-server',
  '/.well-known/oauth-protected-resource',
] as const

export const NAMESPACES = [
  '/oauth2/',
  '/api/token/',
  '/api/admin/',
  '/.well-known/portcullis/',
  '/v1/user/keys/',
  '/scim/v2/',
] as const

/** A path that the gate answers itself. Every route has one, or does not compile: nothing else would reach it. */
export type OwnPath = (typeof SINGLE_PATHS)[number] | `${(typeof NAMESPACES)[number]}${string}`

const SINGLE: ReadonlySet<string> = new Set(SINGLE_PATHS)

/** Whether the gate answers this path itself. */
export function isOwnPath(path: string): path is OwnPath {
  return SINGLE.has(path) || NAMESPACES.some((namespace) => path.startsWith(namespace))
}
