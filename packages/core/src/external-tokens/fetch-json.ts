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
  const value = parse(await readBounded(response))
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new NotADocument('Answered with something else than a JSON object')
  return value as Record<string, unknown>
}

async function readBounded(response: Response): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength
    // Leaving the loop cancels the body, and with it the connection.
    if (size > MAX_BYTES) throw new NotADocument(`Answered with more than ${MAX_BYTES} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
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
