import { recentUses, touch } from '../activity/touch.js'
import type { CredentialKind } from '../authentication/credential-kind.js'
import { roleOfProgram } from '../authorization/role-by-group.js'
import type { Deps } from '../context/context.js'
import { isViewer } from '../standing/standing.js'
import type { TokenClaims } from './claims.js'
import { RENEWAL_PATH, renewableSeconds } from './renew.js'
import { revokeToken } from './revoke.js'
import { issuedAsToken, type TokenRecord, tokenRecords } from './token.js'
import { verifyToken } from './verify.js'

/**
 * Tokens of this gate: JWTs with a record. Takes every bearer credential for one, so it is the last in the list.
 * `isFamilyEnded`: whether a family of refresh tokens was ended.
 */
export function tokenKind(
  deps: Deps,
  isFamilyEnded: (partition: string, family: string) => Promise<boolean>,
): CredentialKind<TokenClaims, TokenRecord> {
  const recent = recentUses()
  return {
    name: 'token',
    remembers: (token) => deps.proofs.get(token) !== undefined,
    prove: (token) => verifyToken(deps, token),
    records: { collection: tokenRecords.name, read: tokenRecords.read },
    issued: ({ partition, issuedAt }, record) =>
      record ? issuedAsToken(partition, record) : { partition, issuedAt },
    denials: { absent: 'token_invalid', ended: 'token_revoked' },
    describe({ proof, standing, record }) {
      const { accountId, issuedAt, expiresAt, scopes } = proof
      const isRenewable = record !== undefined && renewableSeconds(deps, record) !== undefined
      return {
        accountId,
        role: roleOfProgram(deps.roleOf(accountId), isViewer(deps, standing)),
        scopes,
        issuedAt,
        expiresAt,
        ...(isRenewable ? { renewal: RENEWAL_PATH } : {}),
      }
    },
    admitted({ proof: { partition, id, expiresAt }, stored }) {
      touch(deps, recent, { partition, kind: 'token', id, expiresAt: stored?.expiresAt ?? expiresAt })
    },
    wasEnded: async (_id, { partition, family }) =>
      family !== undefined && (await isFamilyEnded(partition, family)),
    revoke: ({ accountId, credential }, by) =>
      revokeToken(deps, { account: accountId, id: credential.id, by }),
  }
}
