import type { TokenOptions } from '../client/wire.js'

export const UNITS = { minutes: 60, hours: 3_600, days: 86_400 } as const
export type Unit = keyof typeof UNITS

const PRESETS = [3_600, 86_400, 7 * 86_400, 30 * 86_400, 90 * 86_400]

/** How long a token is to live: a preset in seconds, or a number as it was typed, with its unit. */
export type Validity =
  | { readonly preset: number }
  | { readonly preset: 'custom'; readonly amount: string; readonly unit: Unit }

type Limits = Pick<TokenOptions, 'min_expires_in' | 'max_expires_in' | 'default_expires_in'>

/** The presets that the service would accept. */
export function presets(limits: Limits): readonly number[] {
  return PRESETS.filter((seconds) => seconds >= limits.min_expires_in && seconds <= limits.max_expires_in)
}

/** The service's default: as a preset when it is one, else as a custom span in its largest whole unit. */
export function firstValidity(limits: Limits): Validity {
  const seconds = limits.default_expires_in
  return presets(limits).includes(seconds) ? { preset: seconds } : asCustom(seconds)
}

export function asCustom(seconds: number): Validity {
  const units: readonly Unit[] = ['days', 'hours', 'minutes']
  const unit = units.find((one) => seconds % UNITS[one] === 0) ?? 'minutes'
  return { preset: 'custom', amount: String(Math.max(1, Math.round(seconds / UNITS[unit]))), unit }
}

/** Whole seconds within the limits, or undefined when what was typed is not that. */
export function secondsOf(validity: Validity, limits: Limits): number | undefined {
  if (validity.preset !== 'custom') return validity.preset
  const amount = validity.amount.trim()
  if (!/^\d{1,9}$/.test(amount)) return undefined
  const seconds = Number(amount) * UNITS[validity.unit]
  return seconds >= limits.min_expires_in && seconds <= limits.max_expires_in ? seconds : undefined
}
