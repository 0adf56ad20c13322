import type { IncomingMessage } from 'node:http'
import { readBody } from '../read-body.js'
import { ApiFailure } from './failure.js'

/** As much as Anthropic's API takes. */
const MAX_BODY_BYTES = 32 * 1024 * 1024

/** The JSON body of a request. Rejects with `ApiFailure` when there is none, or too much. */
export async function readJson(req: IncomingMessage): Promise<unknown> {
  const text = await readBody(req, MAX_BODY_BYTES)
  if (text === undefined) throw new ApiFailure('too-large', 'Request exceeds the maximum size')
  try {
    return JSON.parse(text)
  } catch {
    throw new ApiFailure('invalid', 'The request body is not valid JSON')
  }
}
