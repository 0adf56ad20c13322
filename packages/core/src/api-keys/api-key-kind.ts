import { recentUses, touch } from '../activity/touch.js'
import type { CredentialKind } from '../authentication/credential-kind.js'
import { roleOfProgram } from '../authorization/roles.js'
import type { GateContext } from '../context/context.js'
import { done } from '../errors/outcome.js'
import { isViewer, WITHOUT_END } from '../standing/standing.js'
import { keyDenial } from './denials.js'
import {
  type ApiKeyRecord,
  apiKeyRecords,
  apiKeyUses,
  isApiKey,
  isSecretOf,
  issuedAsApiKey,
  type PresentedApiKey,
  parseApiKey,
} from './key.js'
import { revokeApiKey } from './revoke.js'

/** API keys: `pk_` and a secret whose hash is in the record. Refused alike whether a key never was or is gone. */
export function apiKeyKind(
  context: GateContext,
): CredentialKind<PresentedApiKey, ApiKeyRecord, ApiKeyRecord> {
  const recent = recentUses()
  return {
    name: 'api_key',
    isOfAccount: true,
    prove(credential) {
      if (!isApiKey(credential)) return undefined
      const key = parseApiKey(credential)
      return key ? done(key) : { ok: false, denial: keyDenial('api_key_invalid') }
    },
    records: { collection: apiKeyRecords.name, read: apiKeyRecords.read },
    open: ({ secret }, record) => (isSecretOf(record, secret) ? record : undefined),
    issued: ({ partition, issuedAt }, record) =>
      record ? issuedAsApiKey(partition, record) : { partition, issuedAt },
    denials: { absent: 'api_key_invalid', ended: 'api_key_invalid', expired: 'api_key_invalid' },
    describe({ standing, stored, opened }) {
      const { account, scopes, createdAt } = opened as ApiKeyRecord
      return {
        accountId: account,
        role: roleOfProgram(context.roleOf(account), isViewer(context, standing)),
        scopes,
        issuedAt: createdAt,
        expiresAt: stored?.expiresAt ?? WITHOUT_END,
      }
    },
    admitted({ proof: { partition, id }, stored }) {
      touch(context, recent, { partition, uses: apiKeyUses, id, expiresAt: stored?.expiresAt ?? WITHOUT_END })
    },
    deadlineIn: ({ expiresAt }) => expiresAt,
    revoke: ({ accountId, credential }, by) =>
      revokeApiKey(context, { account: accountId, id: credential.id, by }),
  }
}
