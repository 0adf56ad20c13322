import { isEmail } from '../accounts/account-id.js'
import type { CredentialKind, Proven } from '../authentication/credential-kind.js'
import { done, type Outcome } from '../errors/outcome.js'
import type { PluginContext } from '../plugin/context.js'
import type { TrustedIssuer } from './issuer.js'
import type { TrustedIssuers } from './issuers.js'
import type { Misfit } from './misfit.js'
import { type RevokingContext, revokedExternal, revokeExternalToken } from './revoke.js'
import { type ExternalClaims, verifyExternalToken } from './verify.js'

interface ProvenExternalToken extends ExternalClaims, Proven {
  readonly issuedAt: number
  readonly issuer: TrustedIssuer
}

type ExternalTokenContext = RevokingContext &
  Pick<PluginContext, 'partitionOf' | 'refuseEmailDomain' | 'reportOfStrangers' | 'requiredScope' | 'scopes'>

/**
 * Tokens of trusted issuers. The role is what the mapping of the issuer says and nothing else: that an administrator of
 * the gate has the same address gives no power. Their record is their revocation: without one they are good.
 */
export function externalTokenKind(
  context: ExternalTokenContext,
  issuers: Pick<TrustedIssuers, 'claimedBy' | 'remembers'>,
): CredentialKind<ProvenExternalToken, true> {
  return {
    name: 'external_token',
    remembers: (compact) => issuers.remembers(compact),
    prove(compact) {
      const issuer = issuers.claimedBy(compact)
      return issuer && prove(context, issuer, compact)
    },
    // Whatever is there revokes the token of its id.
    records: { collection: revokedExternal.name, read: () => true, mayBeAbsent: true },
    issued: ({ partition, issuedAt }, revocation) => ({
      partition,
      issuedAt,
      isEnded: revocation !== undefined,
    }),
    denials: { absent: 'token_invalid', ended: 'token_revoked' },
    describe({ proof }) {
      const { partition: _partition, id: _id, email: _email, issuer, scopes, ...who } = proof
      return {
        ...who,
        scopes: scopes ? mapScopes(context, issuer, scopes) : [context.requiredScope],
        takenUntil: who.expiresAt + issuer.options.leewayMs,
      }
    },
    revoke: ({ accountId, credential: { id, expiresAt } }, by) =>
      revokeExternalToken(context, { account: accountId, id, expiresAt, by }),
  }
}

async function prove(
  context: ExternalTokenContext,
  issuer: TrustedIssuer,
  compact: string,
): Promise<Outcome<ProvenExternalToken>> {
  const verified = await verifyExternalToken(issuer, compact)
  if (!verified.ok) {
    if ('fault' in verified) report(context, issuer, verified)
    return verified
  }
  const { accountId } = verified.value
  const foreign = isEmail(accountId) ? context.refuseEmailDomain(accountId) : undefined
  if (foreign) return { ok: false, denial: foreign }
  return done({ ...verified.value, partition: context.partitionOf(accountId), issuer })
}

/** The scopes of the gate that those of a token are or map to. */
function mapScopes(
  context: ExternalTokenContext,
  { options }: TrustedIssuer,
  scopes: readonly string[],
): readonly string[] {
  const mapped = scopes.flatMap((scope) => [scope, ...(options.scopes.get(scope) ?? [])])
  return [...new Set(mapped)].filter((scope) => context.scopes.includes(scope))
}

function report(context: ExternalTokenContext, issuer: TrustedIssuer, { denial, fault }: Misfit): void {
  const code = `external_token_${denial.code === 'token_invalid' ? 'claim_refused' : denial.code}`
  const detail = `A token of ${issuer.options.issuer} was refused: ${fault}`
  context.reportOfStrangers({ level: 'warn', code, detail, options: ['externalTokens'] })
}
