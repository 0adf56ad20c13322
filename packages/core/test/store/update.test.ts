import { describe, expect, it } from 'vitest'
import { changeStanding } from '../../src/standing/change.js'
import { STANDING } from '../../src/standing/standing.js'
import { memoryStore } from '../../src/store/memory.js'
import type { Store } from '../../src/store/store.js'
import { optimistically, RACED } from '../../src/store/update.js'
import { gateFixture, withFaults } from '../gate/gate-fixture.js'

const options = { storeDeadlineMs: 20 } as never
const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))

describe('the optimistic loop', () => {
  it('tries again for as long as it is raced, and answers what the winning attempt came to', async () => {
    let attempts = 0
    const attempt = async () => (++attempts < 10 ? RACED : 'won')
    expect(await optimistically({ options }, 'busy', attempt)).toBe('won')
  })

  it('gives up after fifty attempts, however quick they are', async () => {
    let attempts = 0
    const losing = optimistically({ options: { storeDeadlineMs: 10_000 } as never }, 'busy', async () => {
      attempts += 1
      return RACED
    })
    await expect(losing).rejects.toMatchObject({ code: 'store_unavailable', message: 'busy' })
    expect(attempts).toBe(50)
  })

  it('begins no attempt later than twice the deadline of the store', async () => {
    let attempts = 0
    const losing = optimistically({ options }, 'busy', async () => {
      attempts += 1
      await pause(15)
      return RACED
    })
    await expect(losing).rejects.toMatchObject({ code: 'store_unavailable' })
    expect(attempts).toBeLessThanOrEqual(4)
  })

  it('tries once more after an attempt that took all the time, as when a hundred begin at once', async () => {
    let attempts = 0
    const attempt = async () => {
      attempts += 1
      if (attempts === 1) await pause(60)
      return attempts === 1 ? RACED : 'won'
    }
    expect(await optimistically({ options }, 'busy', attempt)).toBe('won')
  })

  it('a change under contention on a slow store ends in bounded time', async () => {
    const inner = memoryStore()
    const slow: Store = withFaults(inner, {
      async read(...input) {
        await pause(60)
        const answer = await inner.read(...input)
        await inner.commit(input[0], {
          writes: [{ put: STANDING, value: { sessionGeneration: 0, tokenGeneration: 0 } }],
        })
        return answer
      },
    })
    const { context } = await gateFixture({ store: slow, storeDeadlineMs: 100 })
    const start = performance.now()
    await expect(changeStanding(context, 'p', (standing) => standing)).rejects.toMatchObject({
      code: 'store_unavailable',
    })
    expect(performance.now() - start).toBeLessThan(600)
  })
})
