import { parseJsonObject } from './strict-json.js'

/** A JWS in compact serialization whose structure is sound. Nothing in it is proven. */
export interface CompactJws {
  readonly header: Record<string, unknown>
  readonly signature: Uint8Array
}

/**
 * Takes a compact JWS apart (RFC 7515 §7.1), or undefined unless it is spelled in the one way that its signer could
 * have meant: exactly three parts of canonical unpadded base64url, the header a strict JSON object, the signature not
 * empty. The payload may be any bytes, or none (RFC 7515 §3). Longer than `maxLength` characters is undefined too.
 */
export function parseCompact(compact: string, maxLength: number): CompactJws | undefined {
  if (typeof compact !== 'string' || compact.length > maxLength) return undefined
  const parts = compact.split('.', 4)
  if (parts.length !== 3) return undefined
  const [header, payload, signature] = parts.map(decodeBase64url)
  if (!header || !payload || !signature?.byteLength) return undefined
  const members = parseJsonObject(header)
  return members && { header: members, signature }
}

/**
 * The bytes behind canonical unpadded base64url (RFC 4648 §3.5 and §5), or undefined for any other text. Node decodes
 * padding, the other alphabet, whitespace and stray bits alike; only the canonical text is what the bytes encode to.
 */
export function decodeBase64url(text: string): Uint8Array | undefined {
  const bytes = Buffer.from(text, 'base64url')
  return bytes.toString('base64url') === text ? bytes : undefined
}
