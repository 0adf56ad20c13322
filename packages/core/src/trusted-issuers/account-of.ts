import { canonicalEmail, subjectAccount } from '../account.js'
import { done, type Outcome, refused } from '../outcome.js'
import { claimAt } from './claim-path.js'
import type { ResolvedTrustedIssuer } from './options.js'

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
): Outcome<string> {
  const email = claimAt(payload, claims.email)
  const userId = claimAt(payload, claims.userId)
  if (email === undefined && withoutEmail === 'subject') {
    const account = typeof userId === 'string' ? subjectAccount(issuer, userId) : undefined
    return account === undefined ? refused('email_missing') : done(account)
  }
  const named = email === undefined ? userId : email
  const account = typeof named === 'string' ? canonicalEmail(named) : undefined
  if (!account) return refused('email_missing')
  const { email_verified: verified = true } = payload
  // Amazon Cognito and others write it as a string; what is neither true nor absent vouches for nothing.
  return verified === true || verified === 'true' ? done(account) : refused('email_unverified')
}
