import { readAtMost } from '../encoding/read-at-most.js'

const MAX_BYTES = 1_048_576

/** It answered, but not with a JSON object. */
export class NotADocument extends Error {
  override readonly name = 'NotADocument'
}

/**
 * The JSON object at a URL. Rejects with `NotADocument` for any status but 200, a redirect among them, for more than
 * 1 MiB (after decompression; the rest is not read) and for any other body. No connection is left behind.
 */
export async function fetchJsonObject(
  url: string,
  { fetch, signal }: { fetch: typeof globalThis.fetch; signal: AbortSignal },
): Promise<Record<string, unknown>> {
  const response = await fetch(url, {
    redirect: 'manual',
    signal,
    // Asked for once an hour; a connection kept for reuse would only outlive close().
    headers: { accept: 'application/json', connection: 'close' },
  })
  if (response.status !== 200) {
    await discard(response)
    throw new NotADocument(`Answered with status ${response.status}`)
  }
  // Cancels the body when there is more, and with it the connection.
  const bytes = await readAtMost(response.body, MAX_BYTES)
  if (!bytes) throw new NotADocument(`Answered with more than ${MAX_BYTES} bytes`)
  const value = parse(bytes)
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new NotADocument('Answered with something else than a JSON object')
  return value as Record<string, unknown>
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    // The parser quotes what it stumbled over, which may be anything.
    throw new NotADocument('Answered with something else than JSON')
  }
}

async function discard(response: Response): Promise<void> {
  await response.body?.cancel().catch(() => {})
}
