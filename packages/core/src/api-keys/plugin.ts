import { depsOf } from '../plugin/context.js'
import type { Plugin } from '../plugin/plugin.js'
import { lastAddedKeys } from './add.js'
import { apiKeyKind } from './api-key-kind.js'
import { API_KEY_DENIALS } from './denials.js'
import { apiKeyRecords, apiKeyUses } from './key.js'
import { type ApiKeyOperations, bindApiKeyOperations } from './operations.js'
import { rotations } from './rotate.js'

/** API keys of accounts, `pk_…`, for programs that cannot renew anything: at `/v1/user/keys`, and `gate.apiKeys`. */
export function apiKeys(): Plugin<'apiKeys', ApiKeyOperations> {
  return {
    name: 'apiKeys',
    collections: {
      keys: apiKeyRecords.name,
      lastAdded: lastAddedKeys.name,
      lastUses: apiKeyUses.name,
      rotations: rotations.name,
    },
    denials: API_KEY_DENIALS,
    auditActions: { 'api_key.create': 'ordinary', 'api_key.revoke': 'essential' },
    namespaces: ['/v1/user/keys/'],
    start(context) {
      const gate = depsOf(context)
      const kind = apiKeyKind(gate)
      return {
        api: bindApiKeyOperations(gate),
        credentialKinds: [{ ...kind, records: { collection: 'keys', read: apiKeyRecords.read } }],
        routes: async () => (await import('./routes.js')).keyRoutes(gate),
      }
    },
  }
}
