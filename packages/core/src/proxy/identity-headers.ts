import type { Identity } from '../decision.js'

/** What of an identity a header can carry. */
export type IdentityPart = 'accountId' | 'email' | 'name' | 'groups' | 'role' | 'credentialId'

/** Header name → what it carries. Names compare without case, and `_` counts as `-`. */
export type IdentityHeaders = Readonly<Record<string, IdentityPart>>

export const DEFAULT_IDENTITY_HEADERS: IdentityHeaders = {
  'x-litellm-end-user-id': 'accountId',
  'x-portcullis-user': 'accountId',
  'x-portcullis-email': 'email',
}

/** The identity headers of a caller. A part that the identity does not have is left out. */
export function describeIdentity(
  who: Identity,
  names: readonly (readonly [string, IdentityPart])[],
): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const [name, part] of names) {
    const value = readPart(who, part)
    if (value !== undefined) headers[name] = value
  }
  return headers
}

function readPart(who: Identity, part: IdentityPart): string | undefined {
  switch (part) {
    case 'groups':
      return who.groups.map((group) => visibleAscii(group).replaceAll(',', '%2C')).join(',')
    case 'credentialId':
      return visibleAscii(who.credential.id)
    default: {
      const text = who[part]
      return text === undefined ? undefined : visibleAscii(text)
    }
  }
}

const PLAIN_VALUE = /^[\x21-\x24\x26-\x7e]*$/

/**
 * Text as a header value: UTF-8 with everything but visible ASCII percent-encoded, and `%` itself, so that
 * `decodeURIComponent` gives back the text.
 */
export function visibleAscii(text: string): string {
  if (PLAIN_VALUE.test(text)) return text
  let encoded = ''
  for (const byte of Buffer.from(text, 'utf8')) {
    const isPlain = byte > 0x20 && byte < 0x7f && byte !== 0x25
    encoded += isPlain ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  }
  return encoded
}
