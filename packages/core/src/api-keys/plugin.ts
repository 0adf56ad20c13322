import type { Plugin } from '../plugin/plugin.js'
import { lastAddedKeys } from './add.js'
import { apiKeyKind } from './api-key-kind.js'
import { API_KEY_DENIALS } from './denials.js'
import { apiKeyRecords, apiKeyUses } from './key.js'
import { type ApiKeyOperations, bindApiKeyOperations } from './operations.js'
import { ROTATION, rotations } from './rotate.js'

/** They are older than plugins are: the store has them under their own names. */
const COLLECTIONS = [apiKeyRecords, lastAddedKeys, apiKeyUses, rotations]

/** API keys of accounts, `pk_…`, for programs that cannot renew anything: at `/v1/user/keys`, and `gate.apiKeys`. */
export function apiKeys(): Plugin<'apiKeys', ApiKeyOperations> {
  return {
    name: 'apiKeys',
    collections: Object.fromEntries(COLLECTIONS.map(({ name }) => [name, name])),
    denials: API_KEY_DENIALS,
    auditActions: { 'api_key.create': 'ordinary', 'api_key.revoke': 'essential' },
    sealingContexts: [ROTATION],
    namespaces: ['/v1/user/keys/'],
    start(context) {
      return {
        api: bindApiKeyOperations(context),
        credentialKinds: [apiKeyKind(context)],
        routes: async () => (await import('./routes.js')).keyRoutes(context),
      }
    },
  }
}
