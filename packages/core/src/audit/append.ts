import type { Deps } from '../context/context.js'
import type { Outcome } from '../errors/outcome.js'
import type { AuditEntry, AuditedAction } from './entry.js'

/**
 * Appends to the audit log. Called before the change that it records, so that what cannot be audited does not happen:
 * a rejection here, `store_unavailable`, stops the caller. Atomic across processes; the chain has neither gaps nor forks.
 */
export function appendAudit(deps: Deps, recorded: AuditedAction): Promise<AuditEntry> {
  return deps.auditQueue.append(recorded)
}

/**
 * Records an action, then does it, and passes its answer on. When it is refused, that is recorded as `failed`. When it
 * throws, nobody knows how much of it happened: that is recorded as `unknown`, and not waited for.
 */
export async function audited<T>(
  deps: Deps,
  recorded: AuditedAction,
  act: () => Promise<Outcome<T>>,
): Promise<Outcome<T>> {
  await appendAudit(deps, recorded)
  try {
    const outcome = await act()
    if (!outcome.ok) await recordOutcome(deps, recorded, 'failed')
    return outcome
  } catch (error) {
    void recordOutcome(deps, recorded, 'unknown')
    throw error
  }
}

/** Never rejects. */
async function recordOutcome(
  deps: Deps,
  recorded: AuditedAction,
  outcome: NonNullable<AuditedAction['outcome']>,
): Promise<void> {
  await appendAudit(deps, { ...recorded, outcome }).catch((cause: unknown) =>
    deps.report({
      level: 'error',
      code: 'audit_failed',
      detail: `The outcome of ${recorded.action}, ${outcome}, was not recorded`,
      cause,
    }),
  )
}
