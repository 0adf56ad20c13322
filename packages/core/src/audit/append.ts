import type { Deps } from '../deps.js'
import { PortcullisError } from '../errors.js'
import type { Outcome } from '../outcome.js'
import type { JsonValue } from '../store/store.js'
import {
  AUDIT,
  type AuditEntry,
  type AuditedAction,
  ENTRIES,
  HEAD,
  type Head,
  hashEntry,
  NO_HEAD,
} from './entry.js'

const ATTEMPTS = 100

/**
 * Appends to the audit log. Called before the change that it records, so that what cannot be audited does not happen:
 * a rejection here stops the caller. Atomic across processes; the chain has neither gaps nor forks.
 */
export function appendAudit(deps: Deps, recorded: AuditedAction): Promise<AuditEntry> {
  // The entries of one process do not race each other for the end of the chain.
  return deps.auditTurn(() => append(deps, recorded))
}

async function append(deps: Deps, recorded: AuditedAction): Promise<AuditEntry> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const [record] = await deps.store.read(AUDIT, [HEAD])
    const head = record ? (record.value as unknown as Head) : NO_HEAD
    const unhashed = { ...recorded, sequence: head.sequence + 1, at: deps.clock(), previous: head.hash }
    const entry: AuditEntry = { ...unhashed, hash: hashEntry(deps.auditKey, unhashed) }
    const result = await deps.store.commit(AUDIT, {
      quiet: true,
      checks: [{ key: HEAD, version: record?.version ?? null }],
      writes: [
        { put: HEAD, value: { sequence: entry.sequence, hash: entry.hash } },
        {
          put: { collection: ENTRIES, id: String(entry.sequence) },
          value: entry as unknown as JsonValue,
          sort: entry.sequence,
        },
      ],
    })
    if (result.committed) return entry
  }
  throw new PortcullisError('store_unavailable', 'The audit log is too busy to be appended to')
}

/** Records an action, then does it; when it is refused or fails, records that too and passes the answer on. */
export async function audited<T>(
  deps: Deps,
  recorded: AuditedAction,
  act: () => Promise<Outcome<T>>,
): Promise<Outcome<T>> {
  await appendAudit(deps, recorded)
  try {
    const outcome = await act()
    if (!outcome.ok) await recordFailure(deps, recorded)
    return outcome
  } catch (error) {
    await recordFailure(deps, recorded)
    throw error
  }
}

async function recordFailure(deps: Deps, recorded: AuditedAction): Promise<void> {
  await appendAudit(deps, { ...recorded, outcome: 'failed' }).catch((cause: unknown) =>
    deps.report({
      level: 'error',
      code: 'audit_failed',
      detail: `${recorded.action} failed unrecorded`,
      cause,
    }),
  )
}
