import { expect, it } from 'vitest'
import { readAtMost } from '../../src/encoding/read-at-most.js'

/** Chunks of four bytes without end, or as many as there are; says what has been read and whether it was cancelled. */
function source(chunks = Number.POSITIVE_INFINITY) {
  const state = { pulled: 0, isCancelled: false }
  const stream = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (state.pulled >= chunks) return controller.close()
        state.pulled += 1
        controller.enqueue(new Uint8Array([1, 2, 3, 4]))
      },
      cancel() {
        state.isCancelled = true
      },
    },
    { highWaterMark: 0 },
  )
  return { stream, state }
}

it('reads what there is, up to exactly as much as is allowed', async () => {
  expect(await readAtMost(null, 0)).toEqual(new Uint8Array())
  expect(await readAtMost(source(2).stream, 8)).toEqual(Buffer.from([1, 2, 3, 4, 1, 2, 3, 4]))
})

it('reads no further than one chunk too many of a stream without end, and cancels the rest', async () => {
  const { stream, state } = source()
  expect(await readAtMost(stream, 7)).toBeUndefined()
  expect(state).toEqual({ pulled: 2, isCancelled: true })
})

it('rejects as a stream does that breaks off', async () => {
  const broken = new ReadableStream<Uint8Array>({ pull: (controller) => controller.error(new Error('gone')) })
  await expect(readAtMost(broken, 8)).rejects.toThrow('gone')
})

it('waits for no chunk longer than its signal says, and cancels a stream that never comes', async () => {
  const state = { isCancelled: false }
  const silent = new ReadableStream<Uint8Array>({
    cancel() {
      state.isCancelled = true
    },
  })
  const deadline = new AbortController()
  const reading = readAtMost(silent, 8, deadline.signal)
  deadline.abort(new Error('late'))
  await expect(reading).rejects.toThrow('late')
  expect(state.isCancelled).toBe(true)
  await expect(readAtMost(source(1).stream, 8, AbortSignal.abort(new Error('late')))).rejects.toThrow('late')
})
