import type { Deps } from '../deps.js'
import type { RecordKey, StoreHealth } from '../store/store.js'

const PROBE: RecordKey = { collection: 'gate', id: 'readiness' }
/** Anybody may ask; the store is asked once a second. */
const KEPT_MS = 1000
const PROBE_LIFETIME_MS = 3_600_000

/**
 * How the store is, with a write tried: a full disk or a store at its memory limit answers reads and is not ready. One record,
 * written at most once a second, whoever asks and however often.
 */
export function createStoreReadiness({ store, clock }: Parts): () => Promise<StoreHealth> {
  let asked: { at: number; answer: Promise<StoreHealth> } | undefined
  return () => {
    const now = clock()
    if (!asked || now - asked.at >= KEPT_MS) asked = { at: now, answer: examine({ store, clock }) }
    return asked.answer
  }
}

type Parts = Pick<Deps, 'store' | 'clock'>

/** Behind the deadline of the store neither of the two takes longer, and `health` never rejects. */
async function examine({ store, clock }: Parts): Promise<StoreHealth> {
  const now = clock()
  const write = store.commit('gate', {
    quiet: true,
    writes: [{ put: PROBE, value: now, expiresAt: now + PROBE_LIFETIME_MS }],
  })
  const [health, written] = await Promise.all([
    store.health(),
    write.then(
      () => true,
      () => false,
    ),
  ])
  if (written) return health
  return { ok: false, warnings: [...health.warnings, 'The store takes no writes.'] }
}
