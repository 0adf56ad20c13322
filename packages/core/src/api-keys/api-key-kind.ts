import type { CredentialKind } from '../authentication/credential-kind.js'
import { WITHOUT_END } from '../context/limits.js'
import { done } from '../errors/outcome.js'
import type { PluginContext } from '../plugin/context.js'
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
import { type RevokingContext, revokeApiKey } from './revoke.js'

/** API keys: `pk_` and a secret whose hash is in the record. Refused alike whether a key never was or is gone. */
export function apiKeyKind(
  context: RevokingContext & Pick<PluginContext, 'lastUses' | 'roleOfProgram'>,
): CredentialKind<PresentedApiKey, ApiKeyRecord, ApiKeyRecord> {
  const uses = context.lastUses(apiKeyUses.name)
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
        role: context.roleOfProgram(account, standing),
        scopes,
        issuedAt: createdAt,
        expiresAt: stored?.expiresAt ?? WITHOUT_END,
      }
    },
    admitted({ proof: { partition, id }, stored }) {
      uses.note({ partition, id, expiresAt: stored?.expiresAt ?? WITHOUT_END })
    },
    deadlineIn: ({ expiresAt }) => expiresAt,
    revoke: ({ accountId, credential }, by) =>
      revokeApiKey(context, { account: accountId, id: credential.id, by }),
  }
}
