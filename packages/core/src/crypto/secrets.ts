const PLACEHOLDERS = [
  'changeme',
  'change-me',
  'change_me',
  'secret',
  'password',
  'placeholder',
  'example',
  'your-',
]

/** Whether this is of the kind of a secret: text or bytes. */
export function isSecret(value: unknown): value is string | Uint8Array {
  return typeof value === 'string' || value instanceof Uint8Array
}

/** What is wrong with a secret, also with one that is neither text nor bytes, or undefined. Never quotes it. */
export function secretProblem(secret: string | Uint8Array): string | undefined {
  if (!isSecret(secret)) return 'neither text nor bytes; make one with `openssl rand -hex 32`'
  const bytes = Buffer.from(secret)
  if (bytes.length < 32) return 'shorter than 32 bytes; make one with `openssl rand -hex 32`'
  if (isPlaceholder(bytes)) return 'a placeholder; make a real one with `openssl rand -hex 32`'
  return undefined
}

function isPlaceholder(secret: Buffer): boolean {
  const text = secret.toString('latin1').toLowerCase()
  return new Set(text).size < 8 || PLACEHOLDERS.some((word) => text.includes(word))
}

/** One secret or several as a list; adds what is wrong with each to `problems`. None is wrong only when it is given. */
export function readSecrets(
  name: string,
  given: string | readonly string[] | undefined,
  problems: string[],
): readonly string[] {
  if (given === undefined) return []
  const secrets = typeof given === 'string' ? [given] : given
  if (secrets.length === 0) problems.push(`${name}: give at least one, of 32 bytes or more`)
  for (const secret of secrets) {
    const problem = secretProblem(secret)
    if (problem) problems.push(`${name}: ${problem}`)
  }
  if (new Set(secrets).size < secrets.length) problems.push(`${name}: the same secret twice`)
  return secrets
}

/** A secret and the option that it was given for. */
export interface SecretUse {
  readonly name: string
  readonly secret: string | Uint8Array
}

/**
 * Names each pair of options that have the same secret: whoever learns it for one of them, such as the operator of a
 * directory, could do what the other is for. Never quotes it.
 */
export function sharedSecrets(uses: readonly SecretUse[]): readonly string[] {
  const nameBySecret = new Map<string, string>()
  const problems = uses.flatMap(({ name, secret }) => {
    const bytes = Buffer.from(secret).toString('base64')
    const other = nameBySecret.get(bytes) ?? name
    nameBySecret.set(bytes, other)
    return other === name ? [] : [`${name}: the same secret as ${other}; make one for each purpose`]
  })
  return [...new Set(problems)]
}
