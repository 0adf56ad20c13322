import { DENIALS, type DenialCode, type DenialText, type OAuthErrorCode } from './denials.js'

/** Why a caller may not come in. `code` is the contract; see `DENIALS` for the text of each. */
export interface Denial {
  readonly code: DenialCode | PluginCode
  readonly status: number
  readonly title: string
  readonly detail: string
  /** RFC 6750 §3.1 `error`; absent when no credential was sent, as §3.1 asks. */
  readonly challengeError?: 'invalid_request' | 'invalid_token' | 'insufficient_scope'
  /** Scope that would have been needed, for the challenge. */
  readonly scope?: string
  readonly retryAfterSeconds?: number
  /** What was sent proved nothing: it counts by address against `guessesPerMinute`. */
  readonly isGuess?: boolean
  readonly oauthError?: OAuthErrorCode
  /** The answer ends the connection: what comes behind the request cannot be trusted (RFC 9112 §9.6). */
  readonly endsConnection?: true
}

/** A code that a plugin has brought. */
export type PluginCode = string & Record<never, never>

/** What an answer may add to the text of a code. */
export interface DenialDetails {
  readonly detail?: string
  readonly scope?: string
  readonly retryAfterSeconds?: number
}

/** A denial by code, with its fixed text. */
export function denial(code: DenialCode, more: DenialDetails = {}): Denial {
  return { code, ...(DENIALS[code] as DenialText), ...more }
}

/** Denials of a table of one's own: a plugin's `denials`. */
export function denialsOf<Code extends string>(
  texts: Readonly<Record<Code, DenialText>>,
): (code: Code, more?: DenialDetails) => Denial {
  return (code, more = {}) => ({ code, ...texts[code], ...more })
}

/** A denial by a code of core's own, or of `texts`, such as those of plugins. Throws a `TypeError` for any other. */
export function denialIn(
  texts: Readonly<Record<string, DenialText>>,
  code: DenialCode | PluginCode,
  more: DenialDetails = {},
): Denial {
  const known: Readonly<Record<string, DenialText>> = Object.hasOwn(DENIALS, code) ? DENIALS : texts
  const text = Object.hasOwn(known, code) ? known[code] : undefined
  if (text === undefined) throw new TypeError(`not a code that anybody has declared: ${code}`)
  return { code, ...text, ...more }
}

export function isDenial(cause: unknown): cause is Denial {
  return (
    typeof cause === 'object' &&
    cause !== null &&
    !(cause instanceof Error) &&
    'code' in cause &&
    'status' in cause
  )
}
