import type { TokenOptions } from '../client/wire.js'

const DAY = 86_400

export const UNITS = { minutes: 60, hours: 3_600, days: DAY } as const
export type Unit = keyof typeof UNITS

/** In seconds, or without an end. */
export type Lifetime = number | 'never'

/** How long it is to live: a preset, or a number as it was typed, with its unit. */
export type Validity =
  | { readonly preset: Lifetime }
  | { readonly preset: 'custom'; readonly amount: string; readonly unit: Unit }

/** What the form offers. */
export interface MintOptions extends TokenOptions {
  /** Default: those for tokens. */
  readonly presets?: readonly Lifetime[]
}

type Limits = Pick<MintOptions, 'min_expires_in' | 'max_expires_in' | 'default_expires_in' | 'presets'>

const TOKEN_PRESETS = [3_600, DAY, 7 * DAY, 30 * DAY, 90 * DAY]

/** The presets that the service would accept. */
export function presets(limits: Limits): readonly Lifetime[] {
  const { min_expires_in: min, max_expires_in: max } = limits
  return (limits.presets ?? TOKEN_PRESETS).filter((one) => one === 'never' || (one >= min && one <= max))
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
export function lifetimeOf(validity: Validity, limits: Limits): Lifetime | undefined {
  if (validity.preset !== 'custom') return validity.preset
  const amount = validity.amount.trim()
  if (!/^\d{1,9}$/.test(amount)) return undefined
  const seconds = Number(amount) * UNITS[validity.unit]
  return seconds >= limits.min_expires_in && seconds <= limits.max_expires_in ? seconds : undefined
}
