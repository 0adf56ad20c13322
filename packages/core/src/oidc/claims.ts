import { canonicalEmail } from '../accounts/account-id.js'
import { claimAt, parseClaimPath } from '../jws/claim-path.js'
import type { ResolvedOidcOptions } from './options.js'

export type Claims = Readonly<Record<string, unknown>>
type AddressOptions = Pick<ResolvedOidcOptions, 'emailClaim' | 'emailVerification'>

/**
 * Whether a source names an address and says itself what it is worth. The ID token and userinfo may name two addresses, and
 * what one says of its own is no word about the other's (OpenID Connect Core 1.0 §5.1).
 */
export function namesAddress(claims: Claims, { emailClaim, emailVerification }: AddressOptions): boolean {
  const isVouchedFor = emailVerification !== 'claim' || claims.email_verified !== undefined
  return typeof claims[emailClaim] === 'string' && isVouchedFor
}

/**
 * Whether the ID token says all that decides about its address. Where the operator trusts the provider without
 * `email_verified`, userinfo may still call that address unverified.
 */
export function isAllSaid(claims: Claims, options: AddressOptions): boolean {
  const mayObject =
    options.emailVerification === 'insecure-trust-provider' && claims.email_verified === undefined
  return namesAddress(claims, options) && !mayObject
}

/**
 * The address of a source, or what keeps it from being taken. `other` is what the provider says besides: it vouches for
 * nothing, but may object where the source itself says nothing of what its address is worth.
 */
export function readAddress(source: Claims, other: Claims, options: AddressOptions) {
  const email = source[options.emailClaim]
  const isObjected = source.email_verified === undefined && speaksOf(other, email, options)
  const claims = isObjected ? { ...source, email_verified: other.email_verified } : source
  const emailVerified = isVerified(claims, options)
  const addressProblem = describeProblem(claims, options, emailVerified)
  return {
    emailVerified,
    ...(typeof email === 'string' ? { email } : {}),
    ...(addressProblem && { addressProblem }),
  }
}

/** Whether `email_verified` there is about this address: it names it too, or no other. */
function speaksOf(other: Claims, email: unknown, { emailClaim }: AddressOptions): boolean {
  if (other.email_verified === undefined || isTrue(other.email_verified)) return false
  const named = [other.email, other[emailClaim]].filter((address) => typeof address === 'string')
  if (named.length === 0) return emailClaim === 'email'
  return (
    typeof email === 'string' && named.some((address) => canonicalEmail(address) === canonicalEmail(email))
  )
}

function isVerified({ email_verified: said }: Claims, { emailVerification }: AddressOptions): boolean {
  if (emailVerification === 'insecure-trust-unverified') return true
  const verified = said === undefined ? emailVerification !== 'claim' : said
  return isTrue(verified)
}

/** Some providers send booleans as text. */
function isTrue(said: unknown): boolean {
  return said === true || said === 'true'
}

function describeProblem(claims: Claims, { emailClaim }: AddressOptions, emailVerified: boolean) {
  if (typeof claims[emailClaim] !== 'string')
    return {
      reason: `the provider sent no address in the claim ${emailClaim}, but the claims ${namesOf(claims)}`,
      options: ['emailClaim', 'scopes'],
    }
  if (emailVerified) return undefined
  const reason =
    claims.email_verified === undefined
      ? 'the provider sends no email_verified'
      : 'the provider says that the address is not verified (email_verified): verify it there'
  return { reason, options: ['emailVerification'] }
}

const PROTOCOL = new Set(['iss', 'aud', 'exp', 'iat', 'nbf', 'nonce', 'at_hash', 'c_hash', 'azp', 'jti'])
const MOST_NAMES = 30

/** Which claims there are, without what they say. */
function namesOf(claims: Claims): string {
  const names = Object.keys(claims).filter((name) => !PROTOCOL.has(name) && /^[\w.:/-]{1,64}$/.test(name))
  return names.slice(0, MOST_NAMES).join(', ') || 'none'
}

/** Name, groups and session of whoever has logged in. */
export function describePerson(claims: Claims, groupsClaim: string) {
  const { name, sid } = claims
  const groups = groupsAt(claims, groupsClaim)
  return {
    groups: groups.filter((group) => typeof group === 'string'),
    ...(groups.length === 0 && isWithheld(claims, groupsClaim) ? { groupsWithheld: true as const } : {}),
    ...(typeof name === 'string' ? { name } : {}),
    ...(typeof sid === 'string' ? { providerSessionId: sid } : {}),
  }
}

/** A claim of this very name goes before a path: names such as `https://example.com/groups` have dots. */
function groupsAt(claims: Claims, groupsClaim: string): readonly unknown[] {
  const path = Object.hasOwn(claims, groupsClaim) ? [groupsClaim] : parseClaimPath(groupsClaim)
  const groups = path && claimAt(claims, path)
  return Array.isArray(groups) ? groups : typeof groups === 'string' ? [groups] : []
}

/** Entra ID sends no more than 200 groups, and in place of them all where to ask for them. */
function isWithheld({ _claim_names: names, hasgroups }: Claims, groupsClaim: string): boolean {
  const isElsewhere = typeof names === 'object' && names !== null && Object.hasOwn(names, groupsClaim)
  return isElsewhere || (groupsClaim === 'groups' && (hasgroups === true || hasgroups === 'true'))
}
