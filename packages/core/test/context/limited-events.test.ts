import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { GateEvent } from '../../src/context/event.js'
import { limitEvents } from '../../src/context/limited-events.js'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

const event = (detail: string, more: Partial<GateEvent> = {}): GateEvent => ({
  level: 'warn',
  code: 'login_refused',
  detail,
  ...more,
})

function stage() {
  const events: GateEvent[] = []
  const limited = limitEvents((one) => events.push(one))
  return { events, limited, told: () => events.map(({ detail, count = 1 }) => `${detail} ×${count}`) }
}

describe('events that strangers can cause', () => {
  it('are one line at once and one a second for each reason', () => {
    const { limited, told } = stage()
    for (let times = 0; times < 500; times++) limited.report(event('a'))
    expect(told()).toEqual(['a ×1'])
    vi.advanceTimersByTime(1000)
    expect(told()).toEqual(['a ×1', 'a ×499'])
    vi.advanceTimersByTime(5000)
    limited.report(event('a'))
    expect(told()).toHaveLength(3)
  })

  it('hide no other reason of the same code', () => {
    const { limited, told } = stage()
    for (const detail of ['state unknown', 'state unknown', 'invalid_client', 'state unknown'])
      limited.report(event(detail))
    expect(told()).toEqual(['state unknown ×1', 'invalid_client ×1'])
  })

  it('with ten thousand reasons of one kind are few lines a second, and hold back no other kind', () => {
    const { limited, told } = stage()
    for (let reason = 0; reason < 10_000; reason++) limited.report(event(`made up ${reason}`), 'callback')
    expect(told()).toHaveLength(9)
    limited.report(event('the secret is wrong'), 'provider')
    limited.report(event('the address is not verified', { options: ['emailVerification'] }), 'callback')
    limited.report(event('another', { code: 'logout_token_refused' }), 'callback')
    expect(told().slice(9)).toEqual([
      'the secret is wrong ×1',
      'the address is not verified ×1',
      'another ×1',
    ])
    vi.advanceTimersByTime(1000)
    expect(told().slice(12)).toEqual(['made up 9999 ×9991'])
  })

  it('leave no timer and nothing untold when the gate closes', () => {
    const { limited, told } = stage()
    for (const detail of ['a', 'a', 'b', 'b', 'b']) limited.report(event(detail))
    limited.close()
    expect(told()).toEqual(['a ×1', 'b ×1', 'a ×1', 'b ×2'])
    expect(vi.getTimerCount()).toBe(0)
  })
})
