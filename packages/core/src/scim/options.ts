import { recognizer } from '../crypto/hash.js'
import { readSecrets } from '../crypto/secrets.js'
import { textOrTexts } from '../input/kinds.js'
import { type GivenOptions, readOptions, required } from '../input/options.js'

const SCIM_OPTIONS = {
  /** The bearer secret of the directory, at least 32 bytes; several while it is being changed. It opens nothing else. */
  secret: required(textOrTexts),
}

export interface ScimOptions extends GivenOptions<typeof SCIM_OPTIONS> {}

export function checkScim(options: ScimOptions, problems: string[]): void {
  const { secret } = readOptions(options, SCIM_OPTIONS, problems, 'scim')
  readSecrets('scim.secret', secret, problems)
}

/** Compares digests, with all of them, in constant time; of the secrets only the digests are kept. */
export function directorySecrets({ secret }: ScimOptions): (candidate: string) => boolean {
  const recognizers = [secret].flat().map(recognizer)
  return (candidate) => recognizers.filter((isSecret) => isSecret(candidate)).length > 0
}
