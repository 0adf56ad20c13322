import type { IncomingMessage } from 'node:http'

/**
 * The text of a request body; undefined when it is longer than `maxBytes`. A longer one is read to its end all the
 * same, though not kept: a client that is still sending would not see the answer.
 */
export async function readBody(req: IncomingMessage, maxBytes: number): Promise<string | undefined> {
  let chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of req as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > maxBytes) chunks = []
    else chunks.push(chunk)
  }
  return bytes > maxBytes ? undefined : Buffer.concat(chunks).toString('utf8')
}
