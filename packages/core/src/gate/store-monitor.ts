import type { GateContext } from '../context/context.js'
import { PortcullisError } from '../errors/portcullis-error.js'
import { collection, instant } from '../store/collection.js'
import type { Millis, StoreHealth } from '../store/store.js'
import { isOfNewerFormat } from './store-format.js'

const EXAMINED_EVERY_MS = 15_000

/**
 * Asks the store how it is, now and every 15 seconds, and reports what an operator should know whenever that changes.
 * Answers how to stop.
 */
export function examineStore(context: GateContext): () => void {
  let known = ''
  const examine = async () => {
    const { ok, warnings } = await context.store.health()
    const found = JSON.stringify([ok, warnings])
    if (found === known) return
    known = found
    if (!ok) context.report({ level: 'error', code: 'store_unwell', detail: 'The store does not answer' })
    for (const detail of warnings) context.report({ level: 'warn', code: 'store_degraded', detail })
  }
  // `health` never rejects behind the deadline.
  void examine()
  const timer = setInterval(() => void examine(), EXAMINED_EVERY_MS)
  timer.unref()
  return () => clearInterval(timer)
}

/** When somebody last asked. */
const readinessProbes = collection<Millis>('gate', instant, 'readiness probe')
const PROBE = readinessProbes.key('readiness')
/** Anybody may ask; the store is asked once a second. */
const KEPT_MS = 1000
const PROBE_LIFETIME_MS = 3_600_000

/**
 * How the store is, with a write tried: a full disk or a store at its memory limit answers reads and is not ready. One record,
 * written at most once a second, whoever asks and however often. A store that a newer version has migrated meanwhile is not
 * ready for this one.
 */
export function createStoreReadiness({ store, clock }: Parts): () => Promise<StoreHealth> {
  let asked: { at: number; answer: Promise<StoreHealth> } | undefined
  return () => {
    const now = clock()
    if (!asked || now - asked.at >= KEPT_MS) asked = { at: now, answer: examine({ store, clock }) }
    return asked.answer
  }
}

type Parts = Pick<GateContext, 'store' | 'clock'>

/** Behind the deadline of the store neither of the two takes longer, and `health` never rejects. */
async function examine({ store, clock }: Parts): Promise<StoreHealth> {
  const now = clock()
  const write = store.commit('gate', {
    quiet: true,
    writes: [readinessProbes.put(PROBE.id, now, { expiresAt: now + PROBE_LIFETIME_MS })],
  })
  const [health, isWritten, isOfNewer] = await Promise.all([
    store.health(),
    write.then(
      () => true,
      () => false,
    ),
    isOfNewerFormat(store).catch(() => false),
  ])
  const problems = [
    ...(isWritten ? [] : ['The store takes no writes.']),
    ...(isOfNewer ? ['A newer version has migrated the store: this process must be stopped.'] : []),
  ]
  return problems.length === 0 ? health : { ok: false, warnings: [...health.warnings, ...problems] }
}

/** Refuses to start on a store that may not keep what it acknowledges, where the options say so. */
export async function requireSoundStore(context: GateContext): Promise<void> {
  if (context.options.onStoreDegraded === 'report') return
  const { warnings } = await context.store.health()
  if (warnings.length === 0) return
  const problems = warnings.map((warning) => `store: ${warning}`)
  throw new PortcullisError('configuration_invalid', `The gate cannot start: ${problems.join(' ')}`, {
    problems,
  })
}
