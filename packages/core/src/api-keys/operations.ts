import type { ActsFor } from '../authorization/actor.js'
import { done, type Outcome } from '../errors/outcome.js'
import { integer, text } from '../input/kinds.js'
import type { PluginContext } from '../plugin/context.js'
import type { Replicated } from '../store/update.js'
import type { CreatedApiKey } from './add.js'
import { type ApiKeyToCreate, createApiKey, MAX_API_KEY_SECONDS } from './create.js'
import type { ApiKeyInfo } from './key.js'
import { listApiKeys } from './list.js'
import { revokeApiKey } from './revoke.js'
import { type KeyToRotate, MAX_OVERLAP_SECONDS, rotateApiKey } from './rotate.js'

/** What the routes of API keys do, for programs; inputs and `by` are taken as those of `GateVerbs` are. */
export interface ApiKeyOperations {
  create(input: ApiKeyToCreate): Promise<Outcome<CreatedApiKey>>
  /** Those that work, newest first. */
  list(input: { account: string }): Promise<Outcome<readonly ApiKeyInfo[]>>
  /** The old key goes on for `overlapSeconds`, 0 to 2592000, default 3600. */
  rotate(input: KeyToRotate): Promise<Outcome<CreatedApiKey>>
  revoke(input: { account: string; id: string; by: ActsFor }): Promise<Outcome<Replicated>>
}

export function bindApiKeyOperations(context: PluginContext): ApiKeyOperations {
  return {
    create: context.operation<ApiKeyToCreate, CreatedApiKey>(
      {
        account: 'email',
        by: 'program',
        takes: ['scopes', 'grantable', 'idempotencyKey'],
        members: { name: text, lifetimeSeconds: integer(60, MAX_API_KEY_SECONDS) },
      },
      (input) => createApiKey(context, input),
    ),
    list: context.operation({ account: 'any', by: 'none' }, async (input) =>
      done(await listApiKeys(context, input)),
    ),
    rotate: context.operation<KeyToRotate, CreatedApiKey>(
      {
        account: 'any',
        by: 'required',
        takes: ['id', 'grantable'],
        members: { overlapSeconds: integer(0, MAX_OVERLAP_SECONDS) },
      },
      (input) => rotateApiKey(context, input),
    ),
    revoke: context.operation<{ account: string; id: string; by: ActsFor }, Replicated>(
      { account: 'any', by: 'required', takes: ['id'] },
      (input) => revokeApiKey(context, input),
    ),
  }
}
