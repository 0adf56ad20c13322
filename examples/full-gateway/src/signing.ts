import { createPrivateKey } from 'node:crypto'
import { PortcullisError, type SigningKeyOptions } from '@portcullis/core'
import { loadKeyFile, loadSecret } from './secrets.js'
import type { Settings } from './settings.js'

const ALGORITHMS = { rsa: 'RS256', ec: 'ES256', ed25519: 'EdDSA' } as const

/** The keys that sign and verify tokens: the first signs. Key files come before secrets. */
export async function signingKeys({ signing, dataDir }: Settings): Promise<SigningKeyOptions[]> {
  if (signing.kind === 'generated')
    return [{ algorithm: 'HS256', secret: await loadSecret(dataDir, 'jwt-secret') }]
  const keys: SigningKeyOptions[] = []
  for (const path of signing.paths) keys.push(await readSigningKey(path))
  for (const secret of signing.secrets) keys.push({ algorithm: 'HS256', secret })
  return keys
}

/** The key in a file: a private one as PKCS #8 PEM or JWK, or a secret as JWK. Throws `configuration_invalid`. */
export async function readSigningKey(path: string): Promise<SigningKeyOptions> {
  return keyOf(path, await loadKeyFile(path))
}

function keyOf(path: string, text: string): SigningKeyOptions {
  try {
    const secret = secretOf(text)
    if (secret) return { algorithm: 'HS256', secret }
    const key = text.trimStart().startsWith('{')
      ? createPrivateKey({ key: JSON.parse(text), format: 'jwk' })
      : createPrivateKey(text)
    const algorithm = ALGORITHMS[key.asymmetricKeyType as keyof typeof ALGORITHMS]
    if (algorithm) return { algorithm, privateKey: key.export({ type: 'pkcs8', format: 'pem' }).toString() }
  } catch {}
  const problem = `JWT_KEY_FILE: ${path} holds no RSA, P-256 or Ed25519 private key as PKCS #8 PEM or JWK, and no secret as JWK`
  throw new PortcullisError('configuration_invalid', problem, { problems: [problem] })
}

/** RFC 7518 §6.4: a symmetric key is a JWK of type `oct`. */
function secretOf(text: string): Uint8Array | undefined {
  if (!text.trimStart().startsWith('{')) return undefined
  const { kty, k } = JSON.parse(text) as { kty?: unknown; k?: unknown }
  return kty === 'oct' && typeof k === 'string' ? Buffer.from(k, 'base64url') : undefined
}
