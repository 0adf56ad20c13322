/** Answers that are over when the provider is well again, or less busy (RFC 6585 §4). */
const PASSING = new Set([408, 429])

/**
 * Why a provider gave no answer, for the log, or undefined when it answered: the network's code, a status, or the time that
 * was up.
 */
export function describeOutage(cause: unknown): string | undefined {
  let innermost: unknown
  let isNetwork = false
  for (let error = cause; error instanceof Error; error = error.cause) {
    innermost = error
    const code = 'code' in error ? String(error.code) : ''
    if (code === 'OAUTH_TIMEOUT' || code === 'OAUTH_ABORT') return 'the time was up'
    if (error.name === 'TypeError' && error.message === 'fetch failed') isNetwork = true
    const status = statusOf(error) ?? statusOf(error.cause)
    if (status !== undefined && (status >= 500 || PASSING.has(status))) return `status ${status}`
  }
  return isNetwork ? codeOf(innermost) : undefined
}

function statusOf(value: unknown): number | undefined {
  const status = typeof value === 'object' && value !== null && 'status' in value ? value.status : undefined
  return typeof status === 'number' ? status : undefined
}

function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'string' && /^\w{1,64}$/.test(code) ? code : 'the connection failed'
}
