import { type Denial, denial } from './denial.js'
import type { DenialCode } from './denials.js'

/** The answer of an operation that can be refused. A refusal is a value, never an exception. */
export type Outcome<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly denial: Denial }

export function done<T>(value: T): Outcome<T> {
  return { ok: true, value }
}

export function refused(code: DenialCode, more: Parameters<typeof denial>[1] = {}): Outcome<never> {
  return { ok: false, denial: denial(code, more) }
}

/** Text that somebody has typed is refused rather than cut. */
export function refuseLong(name: string, maxLength: number): Outcome<never> {
  return refused('input_invalid', { detail: `${name}: at most ${maxLength} characters.` })
}
