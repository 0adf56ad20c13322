import { isEmail } from '../accounts/account-id.js'
import type { CredentialKind, Proven } from '../authentication/credential-kind.js'
import type { Deps } from '../context/context.js'
import type { Denial } from '../errors/denials.js'
import { done, type Outcome } from '../errors/outcome.js'
import { refuseEmailDomain } from '../login/email-domain.js'
import type { TrustedIssuer } from './issuer.js'
import type { TrustedIssuers } from './issuers.js'
import { REVOKED_EXTERNAL, revokeExternalToken } from './revoke.js'
import { type ExternalClaims, verifyExternalToken } from './verify.js'

interface ProvenExternalToken extends ExternalClaims, Proven {
  readonly issuedAt: number
  readonly issuer: TrustedIssuer
}

/**
 * Tokens of trusted issuers. The role is what the mapping of the issuer says and nothing else: that an administrator of
 * the gate has the same address gives no power. Their record is their revocation: without one they are good.
 */
export function externalTokenKind(
  deps: Deps,
  issuers: Pick<TrustedIssuers, 'claimedBy' | 'remembers'>,
): CredentialKind<ProvenExternalToken, true> {
  return {
    name: 'external_token',
    remembers: (compact) => issuers.remembers(compact),
    prove(compact) {
      const issuer = issuers.claimedBy(compact)
      return issuer && prove(deps, issuer, compact)
    },
    records: { collection: REVOKED_EXTERNAL, read: () => true },
    issued: ({ partition, issuedAt }, revocation) => ({
      partition,
      issuedAt,
      isEnded: revocation !== undefined,
      isExternal: true,
    }),
    denials: { absent: 'token_invalid', ended: 'token_revoked' },
    describe({ proof }) {
      const { partition: _partition, id: _id, email: _email, issuer, scopes, ...who } = proof
      return { ...who, scopes: scopes ? mapScopes(deps, issuer, scopes) : [deps.options.requiredScope] }
    },
    revoke: ({ accountId, credential: { id, expiresAt } }, by) =>
      revokeExternalToken(deps, { account: accountId, id, expiresAt, by }),
  }
}

async function prove(
  deps: Deps,
  issuer: TrustedIssuer,
  compact: string,
): Promise<Outcome<ProvenExternalToken>> {
  const verified = await verifyExternalToken(issuer, compact)
  if (!verified.ok) {
    reportUnlessAccount(deps, issuer, verified.denial)
    return verified
  }
  const { accountId } = verified.value
  const foreign = isEmail(accountId) ? refuseEmailDomain(deps.options, accountId) : undefined
  if (foreign) return { ok: false, denial: foreign }
  return done({ ...verified.value, partition: deps.partitionOf(accountId), issuer })
}

/** The scopes of the gate that those of a token are or map to. */
function mapScopes(deps: Deps, { options }: TrustedIssuer, scopes: readonly string[]): readonly string[] {
  const mapped = scopes.flatMap((scope) => [scope, ...(options.scopes.get(scope) ?? [])])
  return [...new Set(mapped)].filter((scope) => Object.hasOwn(deps.options.scopes, scope))
}

/** A proven token that speaks of no account is a matter of two configurations: their operator learns which. */
function reportUnlessAccount(deps: Deps, { options }: TrustedIssuer, { code }: Denial): void {
  if (code !== 'email_missing' && code !== 'email_unverified') return
  const email = options.claims.email.join('.')
  const userId = options.claims.userId.join('.')
  const unnamed =
    options.withoutEmail === 'subject'
      ? `has neither an e-mail address in ${email} nor a user id in ${userId}`
      : `has no e-mail address in ${email} (withoutEmail: 'subject' admits it by ${userId} and issuer)`
  const fault = code === 'email_missing' ? unnamed : 'says that its e-mail address is unverified'
  const detail = `A token of ${options.issuer} was refused: it ${fault}`
  const toLookAt = { options: ['trustedIssuers'] }
  deps.strangers.report({ level: 'warn', code: `external_token_${code}`, detail, ...toLookAt })
}
