import type { Deps } from './deps.js'

const EXAMINED_EVERY_MS = 15_000

/**
 * Asks the store how it is, now and every 15 seconds, and reports what an operator should know whenever that changes.
 * Answers how to stop.
 */
export function examineStore(deps: Deps): () => void {
  let known = ''
  const examine = async () => {
    const { ok, warnings } = await deps.store.health()
    const found = JSON.stringify([ok, warnings])
    if (found === known) return
    known = found
    if (!ok) deps.report({ level: 'error', code: 'store_unwell', detail: 'The store does not answer' })
    for (const detail of warnings) deps.report({ level: 'warn', code: 'store_degraded', detail })
  }
  // `health` never rejects behind the deadline.
  void examine()
  const timer = setInterval(() => void examine(), EXAMINED_EVERY_MS)
  timer.unref()
  return () => clearInterval(timer)
}
