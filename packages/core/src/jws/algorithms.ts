/** What RFC 7518 §3 and RFC 8037 §3.1 say of an algorithm: the key that it takes and the signature that it makes. */
export type AlgorithmRules =
  | { readonly kty: 'oct'; readonly hash: string; readonly signatureBytes: number }
  | { readonly kty: 'RSA' }
  | { readonly kty: 'EC' | 'OKP'; readonly crv: string; readonly signatureBytes: number }

/** The algorithms that are supported: RFC 7518 §3.1 without `none`, RFC 8037, and its successor name of RFC 9864. */
export type JwsAlgorithm = `${'HS' | 'RS' | 'PS' | 'ES'}${256 | 384 | 512}` | 'EdDSA' | 'Ed25519'

const ALGORITHMS: Readonly<Record<JwsAlgorithm, AlgorithmRules>> = {
  HS256: { kty: 'oct', hash: 'SHA-256', signatureBytes: 32 },
  HS384: { kty: 'oct', hash: 'SHA-384', signatureBytes: 48 },
  HS512: { kty: 'oct', hash: 'SHA-512', signatureBytes: 64 },
  RS256: { kty: 'RSA' },
  RS384: { kty: 'RSA' },
  RS512: { kty: 'RSA' },
  PS256: { kty: 'RSA' },
  PS384: { kty: 'RSA' },
  PS512: { kty: 'RSA' },
  ES256: { kty: 'EC', crv: 'P-256', signatureBytes: 64 },
  ES384: { kty: 'EC', crv: 'P-384', signatureBytes: 96 },
  ES512: { kty: 'EC', crv: 'P-521', signatureBytes: 132 },
  EdDSA: { kty: 'OKP', crv: 'Ed25519', signatureBytes: 64 },
  Ed25519: { kty: 'OKP', crv: 'Ed25519', signatureBytes: 64 },
}

export function isJwsAlgorithm(name: unknown): name is JwsAlgorithm {
  return typeof name === 'string' && Object.hasOwn(ALGORITHMS, name)
}

export function rulesOf(algorithm: JwsAlgorithm): AlgorithmRules {
  return ALGORITHMS[algorithm]
}
