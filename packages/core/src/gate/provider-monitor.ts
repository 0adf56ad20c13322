import type { GateEvent } from '../context/event.js'
import { PortcullisError } from '../errors/portcullis-error.js'
import type { IdentityProvider } from '../login/identity-provider.js'

/** Anybody may ask; the provider is asked once a second, and never twice at once. */
const KEPT_MS = 1000
const DEADLINE_MS = 1000

interface Parts {
  readonly identityProvider: Pick<IdentityProvider, 'ready'> | undefined
  readonly report: (event: GateEvent) => void
}

/**
 * Whether people can log in, as far as the provider tells by itself; false when it takes longer than a second. Never rejects: why
 * it is not ready is reported, as often as that changes.
 */
export function createProviderReadiness({ identityProvider, report }: Parts): () => Promise<boolean> {
  if (!identityProvider) return async () => true
  let told = ''
  let asked: { readonly at: number; readonly answer: Promise<boolean> } | undefined
  let isAsking = false

  const ask = async (): Promise<boolean> => {
    isAsking = true
    try {
      const isReady = (await identityProvider.ready()) === true
      if (isReady) told = ''
      return isReady
    } catch (cause) {
      const event = describe(cause)
      if (event.detail !== told) report(event)
      told = event.detail
      return false
    } finally {
      isAsking = false
    }
  }
  return () => {
    const now = performance.now()
    if (!asked || (!isAsking && now - asked.at >= KEPT_MS)) asked = { at: now, answer: ask() }
    return within(DEADLINE_MS, asked.answer)
  }
}

function describe(cause: unknown): GateEvent {
  if (!(cause instanceof PortcullisError))
    return {
      level: 'error',
      code: 'internal_error',
      detail: 'The provider cannot tell whether it is ready',
      cause,
    }
  const { code, message, options } = cause
  return { level: 'error', code, detail: message, ...(options.length === 0 ? {} : { options }), cause }
}

async function within(milliseconds: number, answer: Promise<boolean>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), milliseconds)
  })
  return Promise.race([answer, late]).finally(() => clearTimeout(timer))
}
