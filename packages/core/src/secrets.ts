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

/** What is wrong with a secret, or undefined. Never quotes it. */
export function secretProblem(secret: string | Uint8Array): string | undefined {
  const bytes = Buffer.from(secret)
  if (bytes.length < 32) return 'shorter than 32 bytes; make one with `openssl rand -base64 32`'
  if (isPlaceholder(bytes)) return 'a placeholder; make a real one with `openssl rand -base64 32`'
  return undefined
}

function isPlaceholder(secret: Buffer): boolean {
  const text = secret.toString('latin1').toLowerCase()
  return new Set(text).size < 8 || PLACEHOLDERS.some((word) => text.includes(word))
}
