import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { Deadline } from '../../src/proxy/deadline.js'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const started = () => {
  const expired: number[] = []
  const begun = performance.now()
  const deadline = new Deadline(() => expired.push(performance.now() - begun))
  return { deadline, expired }
}

it('a deadline is due when it was set to, whether it was moved on or back', async () => {
  const { deadline, expired } = started()
  deadline.set(1_000)
  deadline.set(5_000)
  await vi.advanceTimersByTimeAsync(3_000)
  expect(expired).toEqual([])
  deadline.set(500)
  await vi.advanceTimersByTimeAsync(10_000)
  expect(expired).toEqual([3_500])
})

it('a deadline that is extended all the time is due that long after the last time, once', async () => {
  const { deadline, expired } = started()
  deadline.set(100)
  for (let at = 0; at < 20; at++) {
    await vi.advanceTimersByTimeAsync(90)
    deadline.extend()
  }
  expect(expired).toEqual([])
  await vi.advanceTimersByTimeAsync(1_000)
  expect(expired).toEqual([1_900])
})

it('a deadline has one timer, and none once it is cleared or due', async () => {
  const { deadline, expired } = started()
  for (const ms of [100, 50, 200, 10]) deadline.set(ms)
  expect(vi.getTimerCount()).toBe(1)
  deadline.clear()
  expect(vi.getTimerCount()).toBe(0)
  deadline.set(10)
  await vi.advanceTimersByTimeAsync(10)
  expect([expired.length, vi.getTimerCount()]).toEqual([1, 0])
})
