import { recognizer } from '../crypto/hash.js'
import { readSecrets } from '../crypto/secrets.js'
import { checkMembers } from '../input/check.js'
import { textOrTexts } from '../input/kinds.js'

export interface ScimOptions {
  /** The bearer secret of the directory, at least 32 bytes; several while it is being changed. It opens nothing else. */
  readonly secret: string | readonly string[]
}

export function checkScim(options: ScimOptions, problems: string[]): void {
  const sound = checkMembers(options, { secret: textOrTexts }, problems, {
    name: 'scim',
    required: ['secret'],
  })
  readSecrets('scim.secret', sound.secret, problems)
}

/** Compares digests, with all of them, in constant time; of the secrets only the digests are kept. */
export function directorySecrets({ secret }: ScimOptions): (candidate: string) => boolean {
  const recognizers = [secret].flat().map(recognizer)
  return (candidate) => recognizers.filter((isSecret) => isSecret(candidate)).length > 0
}
