import { enter, entries, INDEX } from '../account-index/account-index.js'
import type { GateContext } from '../context/context.js'
import { collectEndedSessions } from '../sessions/prune.js'
import { activeBan, readStoredStanding } from '../standing/standing.js'
import { ifReadable } from '../store/readable.js'
import { collectRevokedTokens } from '../tokens/prune.js'

const RESUMED_AT_ONCE = 100
const RESUME_EVERY_MS = 60_000

/**
 * Lets the records of what an account’s newest generations have ended be pruned in the background. Never rejects: they
 * were dead before. Resolves once another process could go on with it.
 */
export async function pruneLater(context: GateContext, account: string): Promise<void> {
  try {
    const now = context.clock()
    const { maxLifetimeSeconds, keepEndedSeconds } = context.options.tokens
    // By then no token that is dead now has a record.
    const expiresAt = now + (maxLifetimeSeconds + keepEndedSeconds) * 1000
    const entry = {
      index: 'unpruned',
      id: context.partitionOf(account),
      account,
      sort: now,
      expiresAt,
    } as const
    await enter(context, [entry], { essential: true })
  } catch (cause) {
    const detail =
      'That an account has records to prune was not stored; a restart now leaves them to their deadlines'
    context.report({ level: 'warn', code: 'pruning_unrecorded', detail, cause })
  }
  context.pruning.begin(account)
}

/** Prunes what an account’s generations have ended, in batches, until done or aborted. */
export async function pruneEnded(context: GateContext, account: string, signal: AbortSignal): Promise<void> {
  const partition = context.partitionOf(account)
  const key = entries.unpruned.key(partition)
  const [entry] = await context.store.read(INDEX, [key])
  const standing = await readStoredStanding(context, partition)
  const { sessionGeneration, tokenGeneration } = standing
  // Without its record a session could not be told that its account is banned, and until when; it expires by itself.
  if (!activeBan(standing, context.clock()))
    await collectEndedSessions(context, account, sessionGeneration, signal)
  await collectRevokedTokens(context, account, tokenGeneration, signal)
  if (signal.aborted || !entry) return
  // Unless something else was ended meanwhile, which wrote the entry anew.
  await context.store.commit(INDEX, {
    quiet: true,
    essential: true,
    checks: [{ key, version: entry.version }],
    writes: [entries.unpruned.delete(partition)],
  })
}

/** Accounts that were left unpruned for a minute, by this process or another. */
async function unprunedAccounts(context: GateContext): Promise<readonly string[]> {
  const page = await context.store.page(INDEX, entries.unpruned.name, {
    limit: RESUMED_AT_ONCE,
    range: { to: context.clock() - RESUME_EVERY_MS },
  })
  return page.records.flatMap((entry) => ifReadable(context, entries.unpruned, entry)?.account ?? [])
}

/** Goes on, every minute, with what was not pruned to the end. Answers how to stop, which waits for a look under way. */
export function resumePruning(context: GateContext, firstAfterMs = RESUME_EVERY_MS): () => Promise<void> {
  let timer: NodeJS.Timeout
  let running: Promise<void> | undefined
  let isStopped = false

  const runAfter = (milliseconds: number) => {
    // Processes that started together do not go for the same accounts at once.
    timer = setTimeout(() => (running = run()), milliseconds * (1 + Math.random()))
    timer.unref()
  }
  const run = async () => {
    try {
      for (const account of await unprunedAccounts(context)) context.pruning.begin(account)
    } catch (cause) {
      const detail = 'What is left to prune was not looked up; it will be in a minute'
      context.report({ level: 'warn', code: 'pruning_failed', detail, cause })
    }
    if (!isStopped) runAfter(RESUME_EVERY_MS)
  }

  runAfter(firstAfterMs)
  return async () => {
    isStopped = true
    clearTimeout(timer)
    await running
  }
}
