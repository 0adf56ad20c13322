import { createHash, timingSafeEqual } from 'node:crypto'

/**
 * SHA-256 of UTF-8 text, as base64url. Enough for what is random (codes, keys, cookies): of those only this is stored. Not
 * for what people choose.
 */
export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('base64url')
}

/** Whether two hashes or seals are the same, in a time that does not tell where they differ. Their length is no secret. */
export function isSameHash(one: string, other: string): boolean {
  const [bytes, others] = [Buffer.from(one), Buffer.from(other)]
  return bytes.length === others.length && timingSafeEqual(bytes, others)
}

/** Recognizes a secret, in a time that tells neither where a candidate differs nor how long it is. Keeps its hash only. */
export function recognizer(secret: string): (candidate: string) => boolean {
  const expected = sha256(secret)
  return (candidate) => isSameHash(sha256(candidate), expected)
}
