import { createPrivateKey } from 'node:crypto'
import { PortcullisError, type SigningKeyOptions } from '@portcullis/core'
import { loadKeyFile, loadSecret } from './secrets.js'
import type { Settings } from './settings.js'

const ALGORITHMS = { rsa: 'RS256', ec: 'ES256', ed25519: 'EdDSA' } as const

/** The keys that sign and verify tokens: the first signs. */
export async function signingKeys(settings: Settings): Promise<SigningKeyOptions[]> {
  const { signing } = settings
  if (signing.kind === 'secrets') return signing.secrets.map((secret) => ({ algorithm: 'HS256', secret }))
  if (signing.kind === 'files')
    return Promise.all(signing.paths.map(async (path) => keyOf(path, await loadKeyFile(path))))
  return [{ algorithm: 'HS256', secret: await loadSecret(settings.dataDir, 'jwt-secret') }]
}

function keyOf(path: string, text: string): SigningKeyOptions {
  try {
    const key = text.trimStart().startsWith('{')
      ? createPrivateKey({ key: JSON.parse(text), format: 'jwk' })
      : createPrivateKey(text)
    const algorithm = ALGORITHMS[key.asymmetricKeyType as keyof typeof ALGORITHMS]
    if (algorithm) return { algorithm, privateKey: key.export({ type: 'pkcs8', format: 'pem' }).toString() }
  } catch {}
  const problem = `JWT_KEY_FILE: ${path} holds no RSA, P-256 or Ed25519 private key as PKCS #8 PEM or JWK`
  throw new PortcullisError('configuration_invalid', problem, { problems: [problem] })
}
