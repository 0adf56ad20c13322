import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import type { JsonValue } from '../store/store.js'

const NONCE_BYTES = 12
const TAG_BYTES = 16

/** Encrypts what the store or a browser keeps for us. */
export interface Sealer {
  /** AES-256-GCM. `context` is authenticated, so that a sealed value cannot be moved to another place. */
  seal(context: string, value: JsonValue): string
  /** The value, or undefined when it was sealed for another context, with an unknown key, or altered. */
  open(context: string, sealed: string): JsonValue | undefined
}

/** The first secret seals, every one of them opens. */
export function createSealer(secrets: readonly [string, ...string[]]): Sealer {
  const keys = secrets.map((secret) => deriveKey(secret, 'seal'))
  const sealingKey = deriveKey(secrets[0], 'seal')
  return {
    seal(context, value) {
      const nonce = randomBytes(NONCE_BYTES)
      const cipher = createCipheriv('aes-256-gcm', sealingKey, nonce).setAAD(Buffer.from(context))
      const text = Buffer.concat([cipher.update(JSON.stringify(value), 'utf8'), cipher.final()])
      return Buffer.concat([nonce, text, cipher.getAuthTag()]).toString('base64url')
    },
    open(context, sealed) {
      const bytes = Buffer.from(sealed, 'base64url')
      if (bytes.length < NONCE_BYTES + TAG_BYTES) return undefined
      for (const key of keys) {
        const text = decrypt(key, context, bytes)
        if (text !== undefined) return JSON.parse(text) as JsonValue
      }
      return undefined
    },
  }
}

function decrypt(key: Buffer, context: string, bytes: Buffer): string | undefined {
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE_BYTES))
  decipher.setAAD(Buffer.from(context)).setAuthTag(bytes.subarray(-TAG_BYTES))
  try {
    return (
      decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES), undefined, 'utf8') + decipher.final('utf8')
    )
  } catch {
    return undefined
  }
}

/** An independent 256-bit key for one purpose (HKDF-SHA256, RFC 5869). */
export function deriveKey(secret: string, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, 'portcullis', purpose, 32))
}
