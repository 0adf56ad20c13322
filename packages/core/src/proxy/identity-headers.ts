import { isEmail } from '../accounts/account-id.js'
import type { Identity } from '../authentication/identity.js'
import { visibleAscii, visibleAsciiList } from '../request/field-value.js'

/** What of an identity a header can carry. */
export type IdentityPart = 'accountId' | 'email' | 'name' | 'groups' | 'role' | 'credentialId'

/** Header name → what it carries. Names compare without case, and `_` counts as `-`. */
export type IdentityHeaders = Readonly<Record<string, IdentityPart>>

export const DEFAULT_IDENTITY_HEADERS: IdentityHeaders = {
  'x-portcullis-user': 'accountId',
  'x-portcullis-email': 'email',
}

/** The identity headers of a caller, names and values in turn. A part that the identity does not have is left out. */
export function describeIdentity(
  who: Identity,
  names: readonly (readonly [string, IdentityPart])[],
): string[] {
  const headers: string[] = []
  for (const [name, part] of names) {
    const value = readPart(who, part)
    if (value !== undefined) headers.push(name, value)
  }
  return headers
}

function readPart(who: Identity, part: IdentityPart): string | undefined {
  switch (part) {
    case 'groups':
      return visibleAsciiList(who.groups)
    case 'credentialId':
      return visibleAscii(who.credential.id)
    case 'email':
      return isEmail(who.email) ? visibleAscii(who.email) : undefined
    default: {
      const text = who[part]
      return text === undefined ? undefined : visibleAscii(text)
    }
  }
}
