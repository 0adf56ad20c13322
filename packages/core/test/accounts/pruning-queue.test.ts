import { describe, expect, it } from 'vitest'
import { createPruning } from '../../src/accounts/pruning-queue.js'
import type { GateEvent } from '../../src/context/event.js'

/** Runs that end when they are told to, or are stopped. */
function heldRuns() {
  const started: string[] = []
  const release = new Map<string, () => void>()
  const prune = (account: string, signal: AbortSignal) =>
    new Promise<void>((resolve) => {
      started.push(account)
      release.set(account, resolve)
      signal.addEventListener('abort', () => resolve())
    })
  return { started, release, prune }
}

describe('pruning in the background', () => {
  it('works on two accounts at once and lets a thousand wait', async () => {
    const { started, release, prune } = heldRuns()
    const pruning = createPruning({ prune, report: () => {} })
    for (let count = 0; count < 1100; count++) pruning.begin(`${count}@example.com`)
    expect(started).toHaveLength(2)
    for (let count = 0; count < 1100; count++) {
      release.get(`${count}@example.com`)?.()
      await new Promise(setImmediate)
    }
    await pruning.settled()
    expect(started).toHaveLength(1002)
  })

  it('looks once more at an account of which more is ended while it is pruned, and never twice at once', async () => {
    const { started, release, prune } = heldRuns()
    const pruning = createPruning({ prune, report: () => {} })
    for (let count = 0; count < 5; count++) pruning.begin('user@example.com')
    expect(started).toHaveLength(1)
    release.get('user@example.com')?.()
    await new Promise(setImmediate)
    expect(started).toHaveLength(2)
    release.get('user@example.com')?.()
    await pruning.settled()
    expect(started).toHaveLength(2)
  })

  it('reports a failure and goes on with the next account', async () => {
    const events: GateEvent[] = []
    const pruned: string[] = []
    const pruning = createPruning({
      async prune(account) {
        if (account.startsWith('bad')) throw new Error('planted')
        pruned.push(account)
      },
      report: (event) => events.push(event),
    })
    for (const account of ['bad-1@example.com', 'bad-2@example.com', 'good@example.com'])
      pruning.begin(account)
    await pruning.settled()
    expect(pruned).toEqual(['good@example.com'])
    expect(events.map(({ code }) => code)).toEqual(['pruning_failed', 'pruning_failed'])
  })

  it('is stopped and awaited when it is closed, and begins nothing afterwards', async () => {
    const { started, prune } = heldRuns()
    const pruning = createPruning({ prune, report: () => {} })
    for (const account of ['a@example.com', 'b@example.com', 'c@example.com']) pruning.begin(account)
    await pruning.close()
    pruning.begin('d@example.com')
    expect(started).toEqual(['a@example.com', 'b@example.com'])
  })
})
