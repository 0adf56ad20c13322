import { type Denial, denial } from '../errors/denial.js'
import type { DenialCode } from '../errors/denials.js'

/** A proven token is refused because two configurations do not go together: their operator learns why. */
export interface Misfit {
  readonly ok: false
  readonly denial: Denial
  /** For the log; it quotes no value of a claim. */
  readonly fault: string
}

export function misfit(code: DenialCode, fault: string): Misfit {
  return { ok: false, denial: denial(code), fault }
}
