import { MAX_ISSUER_LENGTH } from '../accounts/account-id.js'
import { checkMembers } from '../input/check.js'
import { checkedByValue, integer, isObject, oneOf, type Shape, someObject } from '../input/kinds.js'
import { isStandardSchema } from '../input/standard-schema.js'
import { type ClaimPath, parseClaimPath } from '../jws/claim-path.js'
import { resolveKeySource } from '../remote-keys/options.js'
import { isMappedRole, withBuiltInRoles } from './map-claims.js'
import type { ClaimPaths, ResolvedTrustedIssuer, TrustedIssuerOptions } from './options.js'
import { resolveRequiredClaims } from './required-claims.js'

const DEFAULT_PATHS: Required<ClaimPaths> = {
  userId: 'sub',
  email: 'email',
  role: 'role',
  team: 'team',
  scopes: 'scope',
}

const MAX_LEEWAY_SECONDS = 60
const DEFAULT_LEEWAY_SECONDS = 30

/**
 * Trusted issuers with every default filled in, frozen. Adds every problem of every one to `problems`, by its position;
 * no value of an option is quoted, since a URL may carry a password. `ownIssuer` is the `iss` of the gate's own tokens,
 * which nobody else may go by;
 * `knownScopes` are what scopes may map to.
 */
export function resolveTrustedIssuers(
  options: readonly TrustedIssuerOptions[] | undefined,
  problems: string[],
  ownIssuer?: string,
  knownScopes: readonly string[] = ['api'],
): readonly ResolvedTrustedIssuer[] {
  if (options === undefined) return []
  if (!Array.isArray(options)) {
    problems.push('externalTokens: give an array of issuers')
    return []
  }
  const seen = new Set<unknown>()
  return Object.freeze(
    (options as readonly TrustedIssuerOptions[]).flatMap((given, index) => {
      const found: string[] = []
      if (!isObject(given)) {
        problems.push(`externalTokens.${index}: give an object`)
        return []
      }
      const resolved = resolve(given as TrustedIssuerOptions, knownScopes, found)
      if (resolved && seen.has(resolved.issuer)) found.push('issuer: given twice')
      if (resolved && resolved.issuer === ownIssuer) found.push('issuer: this is the gate’s own')
      seen.add(resolved?.issuer)
      problems.push(...found.map((problem) => `externalTokens.${index}.${problem}`))
      return resolved ? [Object.freeze(resolved)] : []
    }),
  )
}

const ISSUER: Shape<TrustedIssuerOptions> = {
  issuer: checkedByValue,
  audience: checkedByValue,
  jwksUri: checkedByValue,
  algorithms: checkedByValue,
  leewaySeconds: checkedByValue,
  claims: someObject,
  roles: checkedByValue,
  scopes: checkedByValue,
  requiredClaims: checkedByValue,
  withoutEmail: oneOf('refuse', 'subject', 'insecure-any-subject'),
  unknownRole: checkedByValue,
  claimsSchema: checkedByValue,
  jwksCacheSeconds: checkedByValue,
  jwksMaxStaleSeconds: checkedByValue,
  cooldownSeconds: checkedByValue,
  timeoutMs: checkedByValue,
}

function resolve(
  options: TrustedIssuerOptions,
  knownScopes: readonly string[],
  problems: string[],
): ResolvedTrustedIssuer {
  const given = checkMembers(options, ISSUER, problems)
  const { issuer, claimsSchema, unknownRole = 'user', leewaySeconds = DEFAULT_LEEWAY_SECONDS } = given
  const source = resolveKeySource(given, problems)
  if (typeof issuer === 'string' && issuer.length > MAX_ISSUER_LENGTH)
    problems.push(`issuer: give at most ${MAX_ISSUER_LENGTH} characters`)
  if (unknownRole !== 'user' && unknownRole !== 'refuse') problems.push('unknownRole: give user or refuse')
  if (claimsSchema !== undefined && !isStandardSchema(claimsSchema))
    problems.push('claimsSchema: give a Standard Schema v1')
  if (given.withoutEmail === 'subject' && options.requiredClaims === undefined)
    problems.push(
      'withoutEmail: subject needs requiredClaims, since whoever has a token of this issuer would be let in; insecure-any-subject lets them',
    )
  integer(0, MAX_LEEWAY_SECONDS)('leewaySeconds', leewaySeconds, problems)
  return {
    ...source,
    audiences: resolveAudiences(given.audience, problems),
    leewayMs: leewaySeconds * 1000,
    claims: resolvePaths(given.claims, problems),
    roles: resolveRoles(given.roles, problems),
    scopes: resolveScopes(given.scopes, knownScopes, problems),
    requiredClaims: resolveRequiredClaims(given.requiredClaims, problems),
    withoutEmail: (given.withoutEmail ?? 'refuse') === 'refuse' ? 'refuse' : 'subject',
    unknownRole,
    claimsSchema,
  }
}

function resolveAudiences(given: string | readonly string[], problems: string[]): ReadonlySet<string> {
  const audiences = typeof given === 'string' ? [given] : given
  const isGiven =
    Array.isArray(audiences) &&
    audiences.length > 0 &&
    audiences.every((audience) => typeof audience === 'string' && audience !== '')
  if (!isGiven) problems.push('audience: give at least one, each a string that is not empty')
  return new Set(isGiven ? audiences : [])
}

function resolvePaths(
  given: ClaimPaths | undefined,
  problems: string[],
): Record<keyof ClaimPaths, readonly string[]> {
  const paths = Object.entries({ ...DEFAULT_PATHS, ...given }) as [string, ClaimPath | undefined][]
  const resolved = paths.map(([name, path]) => {
    const known = Object.hasOwn(DEFAULT_PATHS, name)
    if (!known) problems.push(`claims: give ${Object.keys(DEFAULT_PATHS).join(', ')} and no others`)
    const segments = parseClaimPath(path ?? DEFAULT_PATHS[name as keyof ClaimPaths] ?? [])
    if (!segments && known)
      problems.push(`claims.${name}: give a path such as realm.role, or an array of its segments`)
    return [name, segments ?? []]
  })
  return Object.fromEntries(resolved)
}

function resolveScopes(given: unknown = {}, known: readonly string[], problems: string[]) {
  const entries: [string, unknown][] =
    typeof given === 'object' && given !== null ? Object.entries(given) : [['', undefined]]
  const areKnown = entries.every(
    ([, scopes]) => Array.isArray(scopes) && scopes.every((scope) => known.includes(scope)),
  )
  if (!areKnown) problems.push('scopes: map each to an array of scopes of the gate')
  return new Map((areKnown ? entries : []) as [string, readonly string[]][])
}

function resolveRoles(given: TrustedIssuerOptions['roles'] = {}, problems: string[]) {
  if (typeof given !== 'object' || given === null || !Object.values(given).every(isMappedRole)) {
    problems.push('roles: map each to viewer, user, team, customer or admin')
    return withBuiltInRoles({})
  }
  return withBuiltInRoles(given)
}
