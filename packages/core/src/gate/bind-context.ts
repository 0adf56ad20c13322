import { createHmac, randomBytes } from 'node:crypto'
import { partitionOf, partitionsUnder } from '../accounts/account-id.js'
import { pruneEnded } from '../accounts/prune-ended.js'
import { createPruning } from '../accounts/pruning-queue.js'
import { auditQueue } from '../audit/append.js'
import type { AuditChain } from '../audit/chain.js'
import { NO_HEAD } from '../audit/entry.js'
import type { AnyCredentialKind } from '../authentication/credential-kind.js'
import { configuredRoles } from '../authorization/roles.js'
import type { GateContext } from '../context/context.js'
import type { GateEvent } from '../context/event.js'
import { limitEvents } from '../context/limited-events.js'
import type { ResolvedOptions } from '../context/options.js'
import { createSealer, deriveKey } from '../crypto/seal.js'
import { keyRing } from '../jws/keys.js'
import { spentStates } from '../login/spent-states.js'
import { createRateLimiter } from '../rate-limit/limiter.js'
import { peerAddress } from '../request/client-address.js'
import { STANDING } from '../standing/standing.js'
import { reportFullStore, withDeadline } from '../store/deadline.js'
import { withNearCache } from '../store/near-cache.js'
import { reportOnce } from '../store/readable.js'
import type { Store } from '../store/store.js'
import { createProofCache } from '../tokens/token.js'
import { builtInKinds, requireNamed } from './credential-kinds.js'
import { grantsOf, loginHooksOf } from './plugin-hooks.js'
import { createProviderReadiness } from './provider-monitor.js'
import { loadRootKeys } from './root-keys.js'
import { migrateStore, requireKnownFormat } from './store-format.js'
import { createStoreReadiness } from './store-monitor.js'

/** 128 bits, as of a random id. */
const ID_LENGTH = 22

const PROXY_UNNAMED: GateEvent = {
  level: 'warn',
  code: 'proxy_unnamed',
  detail: 'Requests come through a proxy that clientAddress does not name: all clients count as one address',
}

/**
 * Binds options to what operations work with. `addedKinds` are asked before those of the gate, whose tokens are what a
 * bearer credential is when nobody else knows it.
 */
export async function bindContext(
  options: ResolvedOptions,
  addedKinds: readonly ((context: GateContext) => AnyCredentialKind)[] = [],
): Promise<GateContext> {
  const decisive = new Set([STANDING.collection])
  const store = await withNearCache(
    withDeadline(options.store, options.storeDeadlineMs, reportFullStore(options)),
    {
      clock: options.clock,
      collections: decisive,
      capacity: options.nearCacheSize,
    },
  )
  await requireKnownFormat(store)
  const rootKeys = await loadRootKeys({ store, secrets: options.secrets, report: options.onEvent })
  const randomId = (bytes: number) => randomBytes(bytes).toString('base64url')
  const partitionOfAccount = partitionsUnder(rootKeys.partition)
  await migrateStore({
    options,
    store,
    clock: options.clock,
    randomId,
    partitionOf: partitionOfAccount,
    report: options.onEvent,
  })
  const auditChain = bindAuditChain(store, rootKeys.audit, options)
  const idKey = deriveKey(Buffer.from(rootKeys.partition).toString('base64url'), 'issued-id')
  const credentialKinds: AnyCredentialKind[] = []
  const context: GateContext = {
    options,
    store,
    pluginHealth: async () => ({}),
    loginHooks: loginHooksOf([]),
    grants: grantsOf([]),
    storeReadiness: createStoreReadiness({ store, clock: options.clock }),
    providerReadiness: createProviderReadiness({
      identityProvider: options.identityProvider,
      report: options.onEvent,
    }),
    clock: options.clock,
    randomId,
    partitionOf: partitionOfAccount,
    deriveId: (purpose, from) =>
      createHmac('sha256', idKey).update(`${purpose}\u0000${from}`).digest('base64url').slice(0, ID_LENGTH),
    sealer: createSealer(options.secrets),
    keys: await keyRing(options.keys),
    proofs: createProofCache(options.proofCacheSize),
    decisive,
    credentialKinds,
    spentStates: spentStates(options.clock),
    auditChain,
    auditQueue: auditQueue({
      chain: auditChain,
      deadlineMs: options.storeDeadlineMs,
      report: options.onEvent,
      actions: options.auditActions,
    }),
    addressOf: options.clientAddress ?? peerAddress(() => options.onEvent(PROXY_UNNAMED)),
    rateLimits: createRateLimiter({
      limits: options.rateLimits,
      store,
      clock: options.clock,
      nameOf: (client) => partitionOf(`rate-limit ${client}`, rootKeys.partition),
      report: options.onEvent,
    }),
    pruning: createPruning({
      prune: (account, signal) => pruneEnded(context, account, signal),
      report: options.onEvent,
    }),
    roleOf: configuredRoles({
      superAdmins: new Set([...options.superAdmins, ...options.operators]),
      admins: options.admins,
    }),
    report: options.onEvent,
    strangers: limitEvents(options.onEvent),
    reportUnreadable: reportOnce(options.onEvent),
  }
  credentialKinds.push(
    ...requireNamed([...addedKinds.map((kind) => kind(context)), ...builtInKinds(context)]),
  )
  for (const kind of credentialKinds)
    if (!kind.isOfOperator && kind.records) decisive.add(kind.records.collection)
  return context
}

function bindAuditChain(store: Store, key: Uint8Array, { clock }: ResolvedOptions): AuditChain {
  return { store, partition: 'audit', key, clock, newest: NO_HEAD }
}
