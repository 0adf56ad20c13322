/**
 * The bytes of a stream, or undefined as soon as there are more than `maxBytes`. Rejects as the stream does, and with the
 * reason of `signal` when that comes first. What is not read is cancelled.
 */
export async function readAtMost(
  stream: ReadableStream<Uint8Array> | null,
  maxBytes: number,
  signal?: AbortSignal,
): Promise<Uint8Array | undefined> {
  if (!stream) return new Uint8Array()
  const reader = stream.getReader()
  const cancel = () => {
    reader.cancel().catch(() => {})
  }
  signal?.addEventListener('abort', cancel)
  const chunks: Uint8Array[] = []
  let size = 0
  try {
    for (;;) {
      const next = await reader.read()
      signal?.throwIfAborted()
      if (next.done) return Buffer.concat(chunks)
      size += next.value.byteLength
      if (size > maxBytes) return undefined
      chunks.push(next.value)
    }
  } finally {
    signal?.removeEventListener('abort', cancel)
    cancel()
  }
}
