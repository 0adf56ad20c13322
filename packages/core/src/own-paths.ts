const EXACT = new Set([
  '/v1/user/keys',
  '/device',
  '/health',
  '/ready',
  '/openapi.json',
  '/.well-known/jwks.json',
  '/.well-known/oauth-authorization-server',
  '/.well-known/oauth-protected-resource',
])
const PREFIXES = [
  '/oauth2/',
  '/api/token/',
  '/api/admin/',
  '/.well-known/portcullis/',
  '/v1/user/keys/',
  '/scim/v2/',
]

/** Whether the gate answers this path itself. */
export function isOwnPath(path: string): boolean {
  return EXACT.has(path) || PREFIXES.some((prefix) => path.startsWith(prefix))
}
