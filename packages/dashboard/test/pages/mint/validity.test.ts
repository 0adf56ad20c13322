import { describe, expect, it } from 'vitest'
import { firstValidity, lifetimeOf, presets, type Unit } from '../../../pages/mint/validity.js'

const DAY = 86_400
const limits = { min_expires_in: 60, max_expires_in: 90 * DAY, default_expires_in: 30 * DAY }

describe('a custom validity', () => {
  const custom = (amount: string, unit: Unit = 'days') =>
    lifetimeOf({ preset: 'custom', amount, unit }, limits)

  it('is whole seconds from the least to the most that the service accepts', () => {
    expect(custom('1', 'minutes')).toBe(60)
    expect(custom('36', 'hours')).toBe(36 * 3_600)
    expect(custom(' 90 ')).toBe(90 * DAY)
  })

  it.each(['0', '91', '1.5', '-1', '1e3', '', 'NaN', '999999999', '٣'])('is refused as %j days', (amount) => {
    expect(custom(amount)).toBeUndefined()
  })
})

describe('the presets', () => {
  it('leave out what the service would refuse', () => {
    expect(presets({ ...limits, min_expires_in: 7_200, max_expires_in: 7 * DAY })).toEqual([DAY, 7 * DAY])
  })

  it('hold the default when it is one of them', () => {
    expect(firstValidity(limits)).toEqual({ preset: 30 * DAY })
  })

  it('may hold one without an end, whatever the limits', () => {
    const offered = presets({ ...limits, presets: ['never', DAY, 365 * DAY] })
    expect(offered).toEqual(['never', DAY])
    expect(lifetimeOf({ preset: 'never' }, limits)).toBe('never')
  })

  it('give way to a custom span for any other default', () => {
    const first = firstValidity({ ...limits, default_expires_in: 36 * 3_600 })
    expect(first).toEqual({ preset: 'custom', amount: '36', unit: 'hours' })
    expect(lifetimeOf(first, limits)).toBe(36 * 3_600)
  })
})
