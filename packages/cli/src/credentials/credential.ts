import type { Millis } from '../world.js'

/** A login at one gate. */
export interface Credential {
  readonly accessToken: string
  /** Good for one refresh. */
  readonly refreshToken: string
  readonly expiresAt: Millis
  /** Separated by spaces. */
  readonly scope: string
}

/** Every login of this user on this machine. */
export interface Credentials {
  /** The gate of the last login, until that logs out. */
  readonly default?: string
  readonly gates: Readonly<Record<string, Credential>>
}

/** What a file says; undefined when it is none of ours. */
export function parseCredentials(text: string): Credentials | undefined {
  const parsed = parseObject(text)
  const gates = parsed?.gates
  if (!isObject(gates) || !Object.values(gates).every(isCredential)) return undefined
  if (parsed?.default !== undefined && typeof parsed.default !== 'string') return undefined
  return parsed as unknown as Credentials
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const parsed: unknown = JSON.parse(text)
    return isObject(parsed) ? parsed : undefined
  } catch {
    return undefined
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isCredential(value: unknown): value is Credential {
  if (!isObject(value)) return false
  const { accessToken, refreshToken, expiresAt, scope } = value
  return (
    [accessToken, refreshToken, scope].every((field) => typeof field === 'string') &&
    Number.isFinite(expiresAt)
  )
}
