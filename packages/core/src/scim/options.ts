import { createHash, timingSafeEqual } from 'node:crypto'
import { secretProblem } from '../secrets.js'

export interface ScimOptions {
  /** The bearer secret of the directory, at least 32 bytes; several while it is being changed. It opens nothing else. */
  readonly secret: string | readonly string[]
}

/** Of the secrets only the digests are kept. */
export interface ResolvedScim {
  /** Compares digests, with all of them, in constant time. */
  isSecret(candidate: string): boolean
}

/** `others` are secrets of the gate that the directory must not share. */
export function resolveScim(
  options: ScimOptions | undefined,
  others: readonly (string | undefined)[],
  problems: string[],
): ResolvedScim | undefined {
  if (options === undefined) return undefined
  const secrets = typeof options.secret === 'string' ? [options.secret] : [...(options.secret ?? [])]
  if (secrets.length === 0) problems.push('scim.secret: give at least one, of 32 bytes or more')
  for (const secret of secrets) {
    const problem = secretProblem(secret)
    if (problem) problems.push(`scim.secret: ${problem}`)
    if (others.includes(secret)) problems.push('scim.secret: it is used for something else too')
  }
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
