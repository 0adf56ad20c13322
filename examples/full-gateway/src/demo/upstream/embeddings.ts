import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { Exchange, Reply } from './exchange.js'
import { ApiFailure, parseBody } from './failure.js'
import { findModel } from './models.js'
import { countTokens } from './text.js'

const tokenIds = z.array(z.int().min(0)).min(1)

const embeddingsBody = z.looseObject({
  model: z.string().min(1),
  input: z.union(
    [z.string().min(1), z.array(z.string().min(1)).min(1).max(2048), tokenIds, z.array(tokenIds).min(1)],
    {
      error: 'give a string, a list of strings, or lists of token ids; none of them empty',
    },
  ),
  encoding_format: z.enum(['float', 'base64']).nullish(),
  dimensions: z.int().min(1, 'must be at least 1').nullish(),
})

/** `POST /v1/embeddings`: the same input gives the same vector, of length one. */
export async function createEmbeddings(exchange: Exchange): Promise<Reply> {
  const body = parseBody(embeddingsBody, await exchange.body())
  const { dimensions: own = 0 } = findModel(body.model, 'embedding')
  const dimensions = body.dimensions ?? own
  if (dimensions > own) throw new ApiFailure('invalid', `dimensions: must be at most ${own}`, 'dimensions')
  const inputs = inputsOf(body.input)
  await exchange.think()
  const data = inputs.map((input, index) => ({
    object: 'embedding',
    index,
    embedding: encode(embed(JSON.stringify(input), dimensions), body.encoding_format ?? 'float'),
  }))
  const tokens = inputs.reduce((total, input) => total + countInput(input), 0)
  return {
    kind: 'json',
    body: { object: 'list', data, model: body.model, usage: { prompt_tokens: tokens, total_tokens: tokens } },
  }
}

type Input = string | readonly number[]

function inputsOf(input: z.output<typeof embeddingsBody>['input']): readonly Input[] {
  if (typeof input === 'string') return [input]
  return isTokenIds(input) ? [input] : input
}

function isTokenIds(input: readonly unknown[]): input is number[] {
  return typeof input[0] === 'number'
}

function countInput(input: Input): number {
  return typeof input === 'string' ? countTokens(input) : input.length
}

function embed(text: string, dimensions: number): Float32Array {
  const bytes = createHash('shake256', { outputLength: dimensions * 2 })
    .update(text)
    .digest()
  const values = Float32Array.from({ length: dimensions }, (_, index) => bytes.readInt16LE(index * 2))
  const length = Math.hypot(...values) || 1
  return values.map((value) => value / length)
}

function encode(vector: Float32Array, format: 'float' | 'base64'): number[] | string {
  if (format === 'float') return [...vector]
  const bytes = Buffer.alloc(vector.length * 4)
  for (const [index, value] of vector.entries()) bytes.writeFloatLE(value, index * 4)
  return bytes.toString('base64')
}
