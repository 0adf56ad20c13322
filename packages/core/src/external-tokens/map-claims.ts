import { canonicalEmail, MAX_SUBJECT_LENGTH, subjectAccount } from '../accounts/account-id.js'
import { mostPowerful } from '../authorization/roles.js'
import { done, type Outcome } from '../errors/outcome.js'
import { claimAt } from '../jws/claim-path.js'
import { type Misfit, misfit } from './misfit.js'
import type { MappedRole, ResolvedTrustedIssuer } from './options.js'

/**
 * The account that a payload speaks of. Refused with `email_missing` when it names none, and with `email_unverified`
 * when the issuer does not vouch for the address (OpenID Connect Core 1.0 §5.1).
 *
 * A bare user id never becomes an account by gluing a host to it: `root` at `example.com` and the real
 * `root@example.com` would be one account, and whoever chooses user ids at the issuer would choose whose.
 */
export function accountOf(
  payload: Readonly<Record<string, unknown>>,
  { issuer, claims, withoutEmail }: Pick<ResolvedTrustedIssuer, 'issuer' | 'claims' | 'withoutEmail'>,
): Outcome<string> | Misfit {
  const claimed = claimAt(payload, claims.email)
  // Issuers that know no address of somebody may write so instead of leaving the claim out.
  const isUnnamed =
    claimed === undefined || (withoutEmail === 'subject' && (claimed === null || claimed === ''))
  const userId = claimAt(payload, claims.userId)
  const names = { email: claims.email.join('.'), userId: claims.userId.join('.') }
  if (isUnnamed && withoutEmail === 'subject') {
    const account = typeof userId === 'string' ? subjectAccount(issuer, userId) : undefined
    return account === undefined
      ? misfit(
          'email_missing',
          `it has no e-mail address in ${names.email}, and its user id in ${names.userId} ${faultOf(userId)}`,
        )
      : done(account)
  }
  const named = isUnnamed ? userId : claimed
  const account = typeof named === 'string' ? canonicalEmail(named) : undefined
  if (!account)
    return misfit(
      'email_missing',
      isUnnamed
        ? `it has no e-mail address in ${names.email} (withoutEmail: 'subject' admits it by ${names.userId} and issuer)`
        : `what it has in ${names.email} is no e-mail address`,
    )
  const { email_verified: verified = true } = payload
  // Amazon Cognito and others write it as a string; what is neither true nor absent vouches for nothing.
  return verified === true || verified === 'true'
    ? done(account)
    : misfit('email_unverified', 'it says that its e-mail address is unverified')
}

function faultOf(userId: unknown): string {
  if (userId === undefined) return 'is missing'
  if (typeof userId !== 'string') return 'is no string'
  if (userId === '') return 'is empty'
  return userId.length > MAX_SUBJECT_LENGTH
    ? `is longer than ${MAX_SUBJECT_LENGTH} characters`
    : 'is not well-formed Unicode'
}

const BUILT_IN: Readonly<Record<string, MappedRole>> = {
  admin: 'admin',
  user: 'user',
  viewer: 'viewer',
  team: 'team',
  customer: 'customer',
}

const MAPPED_ROLES: readonly MappedRole[] = ['viewer', 'customer', 'team', 'user', 'admin']

export function isMappedRole(role: unknown): role is MappedRole {
  return MAPPED_ROLES.some((known) => known === role)
}

export function withBuiltInRoles(
  roles: Readonly<Record<string, MappedRole>>,
): ReadonlyMap<string, MappedRole> {
  return new Map(Object.entries({ ...BUILT_IN, ...roles }))
}

/** The most powerful role that a claim maps to; undefined when it maps to none. */
export function mapRole(claim: unknown, roles: ReadonlyMap<string, MappedRole>): MappedRole | undefined {
  const named: unknown[] = Array.isArray(claim) ? claim : [claim]
  return mostPowerful(named.map((name) => (typeof name === 'string' ? roles.get(name) : undefined)))
}
