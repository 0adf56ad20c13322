import { useRef } from 'react'
import type { Failure } from '../client/failure.js'
import type { MintWish } from '../client/wire.js'

/**
 * The key of an attempt to create something: the same while the same form asks for the same, so that a double click or
 * a retry after a lost answer creates one; another once what it has created is gone.
 */
export function useIdempotencyKey(failure: Failure | null): (wish: MintWish) => string {
  const attempt = useRef<{ wish: string; key: string; gone: Failure | undefined }>(undefined)
  return (wish) => {
    const asked = JSON.stringify(wish)
    const gone = failure?.code === 'idempotent_result_gone' ? failure : attempt.current?.gone
    if (attempt.current?.wish !== asked || attempt.current.gone !== gone)
      attempt.current = { wish: asked, key: randomKey(), gone }
    return attempt.current.key
  }
}

/** 128 bits. `crypto.randomUUID` is missing on plain http. */
function randomKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('')
}
