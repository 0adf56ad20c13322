import { createHmac } from 'node:crypto'

const MAX_EMAIL_LENGTH = 254
const WHITESPACE_OR_CONTROL = /[\s\p{Cc}\p{Cf}]/u
const NON_ASCII = /[^\p{ASCII}]/u

/**
 * The one spelling under which an account is known: trimmed, NFC, lower case, exactly one ASCII `@` with text on both
 * sides, at most 254 characters. Anything else is `undefined`: not an address that can be granted, banned or billed.
 */
export function canonicalEmail(text: string): string | undefined {
  const trimmed = text.trim()
  if (WHITESPACE_OR_CONTROL.test(trimmed) || [...trimmed].some(foldsToAscii)) return undefined
  const canonical = trimmed.normalize('NFC').toLowerCase()
  const [local, domain, ...more] = canonical.split('@')
  return local && domain && more.length === 0 && canonical.length <= MAX_EMAIL_LENGTH ? canonical : undefined
}

/** U+212A (KELVIN SIGN) or a full-width letter would make one person's address another's. */
function foldsToAscii(character: string): boolean {
  return NON_ASCII.test(character) && !NON_ASCII.test(character.normalize('NFKC').toLowerCase())
}

/**
 * Where an account's records live: 128 bits of an HMAC over the account id. The same for every spelling of an e-mail
 * (callers pass the canonical one) and telling nobody without the key who it is.
 */
export function partitionOf(accountId: string, key: Uint8Array): string {
  return createHmac('sha256', key).update(accountId, 'utf8').digest('base64url').slice(0, 22)
}
