import { BrokenConnection, type Exchange } from './exchange.js'
import type { Model } from './models.js'
import { type Answer, cutIntoChunks } from './text.js'

const CHUNKS_BEFORE_RESET = 4
const SLOWNESS = 40

/** The answer as it is thought of, piece by piece. A model that resets breaks off after a few. */
export async function* generate(exchange: Exchange, model: Model, answer: Answer): AsyncGenerator<string> {
  const slowness = model.behaviour === 'slow' ? SLOWNESS : 1
  for (const [index, chunk] of cutIntoChunks(answer.tokens).entries()) {
    await exchange.think(slowness)
    if (model.behaviour === 'reset' && index >= CHUNKS_BEFORE_RESET) await breakOff(exchange)
    yield chunk
  }
}

/** Waits as long as a short answer takes, for those who want it in one piece. */
export async function generateAtOnce(exchange: Exchange, model: Model, answer: Answer): Promise<string> {
  await exchange.think(model.behaviour === 'slow' ? SLOWNESS : 2)
  if (model.behaviour === 'reset') throw new BrokenConnection()
  return answer.text
}

/** After a while, since a reset takes along what the client has received and not yet read. */
async function breakOff(exchange: Exchange): Promise<never> {
  await exchange.think(SLOWNESS)
  throw new BrokenConnection()
}
