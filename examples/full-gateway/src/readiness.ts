import { setTimeout as delay } from 'node:timers/promises'

const ASKED_EVERY_MS = 1000
const PATIENCE_MS = 5000

interface Readiness {
  readonly isReady: boolean
  /** What keeps it from being ready, in words. */
  readonly reason: string
}

/** Asks `/ready`, as whoever sends requests to the gateway does. */
async function readinessOf(address: string): Promise<Readiness> {
  try {
    const response = await fetch(`${address}/ready`, { signal: AbortSignal.timeout(PATIENCE_MS) })
    return { isReady: response.ok, reason: reasonOf(await response.json()) }
  } catch (cause) {
    return { isReady: false, reason: `it does not answer (${cause instanceof Error ? cause.name : 'Error'})` }
  }
}

/** Resolves when the gateway is ready, at once if it is; tells what is missing as often as that changes. */
export async function whenReady(address: string, onMissing: (reason: string) => void): Promise<void> {
  let told = ''
  for (;;) {
    const { isReady, reason } = await readinessOf(address)
    if (isReady) return
    if (reason !== told) onMissing(reason)
    told = reason
    await delay(ASKED_EVERY_MS, undefined, { ref: false })
  }
}

/** Where a server that listens on `host` is reached from the same machine. */
export function loopbackAddress(host: string, port: number): string {
  if (host === '0.0.0.0') return `http://127.0.0.1:${port}`
  if (host === '::') return `http://[::1]:${port}`
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`
}

function reasonOf(body: unknown): string {
  const {
    store,
    identity_provider: provider,
    warnings,
    status,
  } = (body ?? {}) as {
    store?: boolean
    identity_provider?: boolean
    warnings?: string[]
    status?: string
  }
  const reasons = [
    ...(store === false ? ['the store does not take what it should'] : []),
    ...(provider === false ? ['the identity provider does not answer as it should (the log says why)'] : []),
    ...(warnings ?? []),
  ]
  return reasons.length > 0 ? reasons.join('; ') : (status ?? 'not ready')
}
