import { canonicalEmail } from '../account.js'
import { done, type Outcome, refused } from '../outcome.js'
import { claimAt } from './claim-path.js'

/**
 * The account that a payload speaks of. Refused with `email_missing` when it names none, and with `email_unverified`
 * when the issuer does not vouch for the address (OpenID Connect Core 1.0 §5.1).
 *
 * A bare user id never becomes an account by gluing a host to it: `root` at `example.com` and the real
 * `root@example.com` would be one account, and whoever chooses user ids at the issuer would choose whose.
 */
export function accountOf(
  payload: Readonly<Record<string, unknown>>,
  paths: { readonly email: readonly string[]; readonly userId: readonly string[] },
): Outcome<string> {
  const email = claimAt(payload, paths.email)
  const named = email === undefined ? claimAt(payload, paths.userId) : email
  const account = typeof named === 'string' ? canonicalEmail(named) : undefined
  if (!account) return refused('email_missing')
  const { email_verified: verified = true } = payload
  // Amazon Cognito and others write it as a string; what is neither true nor absent vouches for nothing.
  return verified === true || verified === 'true' ? done(account) : refused('email_unverified')
}
