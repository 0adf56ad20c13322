import { createHash, timingSafeEqual } from 'node:crypto'
import { readSecrets } from '../crypto/secrets.js'
import { checkMembers } from '../input/check.js'
import { textOrTexts } from '../input/kinds.js'

export interface ScimOptions {
  /** The bearer secret of the directory, at least 32 bytes; several while it is being changed. It opens nothing else. */
  readonly secret: string | readonly string[]
}

/** Of the secrets only the digests are kept. */
export interface ResolvedScim {
  /** Compares digests, with all of them, in constant time. */
  isSecret(candidate: string): boolean
}

export function resolveScim(options: ScimOptions | undefined, problems: string[]): ResolvedScim | undefined {
  if (options === undefined) return undefined
  const sound = checkMembers(options, { secret: textOrTexts }, problems, {
    name: 'scim',
    required: ['secret'],
  })
  const secrets = readSecrets('scim.secret', sound.secret, problems)
  const digests = secrets.map(digest)
  return Object.freeze({
    isSecret(candidate: string) {
      const presented = digest(candidate)
      return digests.filter((expected) => timingSafeEqual(presented, expected)).length > 0
    },
  })
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
