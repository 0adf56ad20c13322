import type { GateContext } from '../context/context.js'
import { pruneAudit } from './prune.js'

const EVERY_MS = 3_600_000
const FIRST_AFTER_MS = 60_000
const NEXT_BATCH_AFTER_MS = 1000

/**
 * Prunes the audit log a minute after the start and every hour, each time until nothing is old enough any more. Answers
 * how to stop, which waits for a run that is under way.
 */
export function keepRetention(context: GateContext, firstAfterMs = FIRST_AFTER_MS): () => Promise<void> {
  let timer: NodeJS.Timeout
  let running: Promise<void> | undefined
  let isStopped = false

  const runAfter = (milliseconds: number) => {
    // Processes that started together do not go for the same entries at once.
    timer = setTimeout(() => (running = run()), milliseconds * (1 + Math.random()))
    timer.unref()
  }
  const run = async () => {
    const next = await prune(context)
    if (!isStopped) runAfter(next)
  }

  runAfter(firstAfterMs)
  return async () => {
    isStopped = true
    clearTimeout(timer)
    await running
  }
}

/** Answers when to go on. Never rejects. */
async function prune(context: GateContext): Promise<number> {
  try {
    const pruned = await pruneAudit(context)
    if (!pruned.ok) {
      const detail = 'The audit log is not intact where the retention would cut it; nothing was cut off'
      context.report({ level: 'error', code: 'audit_broken', detail })
      return EVERY_MS
    }
    return pruned.value.isComplete || pruned.value.entries === 0 ? EVERY_MS : NEXT_BATCH_AFTER_MS
  } catch (cause) {
    const detail = 'The audit log was not pruned; it will be tried again in an hour'
    context.report({ level: 'warn', code: 'audit_prune_failed', detail, cause })
    return EVERY_MS
  }
}
