import type { ActsFor } from '../authorization/actor.js'
import {
  ACCOUNT,
  acting,
  actsFor,
  anyAccount,
  bySomebody,
  emailAccount,
  handingOn,
  type InputTable,
  idempotencyKey,
  ONE_OF_ACCOUNT,
  onAccountOf,
  operation,
  scopeWish,
} from '../authorization/operation.js'
import type { GateContext } from '../context/context.js'
import { done, type Outcome } from '../errors/outcome.js'
import { integer, listOf, nonEmptyText, text } from '../input/kinds.js'
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

const API_KEY_TO_CREATE: InputTable<ApiKeyToCreate> = {
  members: {
    ...emailAccount,
    by: actsFor,
    ...scopeWish,
    name: text,
    lifetimeSeconds: integer(60, MAX_API_KEY_SECONDS),
    idempotencyKey,
  },
  required: ['account'],
}
const KEY_TO_ROTATE: InputTable<KeyToRotate> = {
  members: {
    ...anyAccount,
    id: nonEmptyText,
    by: actsFor,
    grantable: listOf(nonEmptyText),
    overlapSeconds: integer(0, MAX_OVERLAP_SECONDS),
  },
  required: ['account', 'id', 'by'],
}

export function bindApiKeyOperations(context: GateContext): ApiKeyOperations {
  return {
    create: operation(API_KEY_TO_CREATE, (input) =>
      acting(handingOn(context, bySomebody(input)), (acted) => createApiKey(context, acted)),
    ),
    list: operation(ACCOUNT, async (input) => done(await listApiKeys(context, onAccountOf(input)))),
    rotate: operation(KEY_TO_ROTATE, (input) =>
      acting(handingOn(context, input), (acted) => rotateApiKey(context, acted)),
    ),
    revoke: operation(ONE_OF_ACCOUNT, (input) => acting(input, (acted) => revokeApiKey(context, acted))),
  }
}
