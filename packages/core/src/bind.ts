import { randomBytes } from 'node:crypto'
import { partitionOf } from './account.js'
import type { Role } from './decision.js'
import type { Deps } from './deps.js'
import type { ResolvedOptions } from './options.js'
import { createSealer, deriveKey } from './seal.js'
import { withDeadline } from './store/deadline.js'
import { keyRing } from './tokens/keys.js'
import { createProofCache } from './tokens/proof-cache.js'

/** Binds options to what the verbs work with. */
export async function bindDeps(options: ResolvedOptions): Promise<Deps> {
  const oldest = options.secrets.at(-1) ?? options.secrets[0]
  const partitionKey = deriveKey(oldest, 'partition')
  return {
    options,
    store: withDeadline(options.store, options.storeDeadlineMs),
    clock: options.clock,
    randomId: (bytes) => randomBytes(bytes).toString('base64url'),
    partitionOf: (accountId) => partitionOf(accountId, partitionKey),
    sealer: createSealer(options.secrets),
    keys: await keyRing(options.keys),
    proofs: createProofCache(options.proofCacheSize),
    auditKey: deriveKey(oldest, 'audit'),
    roleOf: (accountId) => roleOf(options, accountId),
    report: options.onEvent,
  }
}

function roleOf(options: ResolvedOptions, accountId: string): Role {
  if (options.superAdmins.has(accountId)) return 'super_admin'
  return options.admins.has(accountId) ? 'admin' : 'user'
}
