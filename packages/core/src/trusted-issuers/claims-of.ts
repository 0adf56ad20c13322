import type { Identity } from '../decision.js'
import type { StandardSchema } from './standard-schema.js'

/** Which schema made which claims; two issuers may have different ones. */
const madeBy = new WeakMap<object, StandardSchema>()

export function rememberSchema(claims: unknown, schema: StandardSchema): void {
  if (typeof claims === 'object' && claims !== null) madeBy.set(claims, schema)
}

/**
 * The claims of whoever was let in, with the type that the schema of their issuer gives them. Undefined for everybody
 * else: sessions, the gate's own tokens, tokens of issuers with another schema.
 */
export function claimsOf<Claims extends object>(
  identity: Identity,
  schema: StandardSchema<Claims>,
): Claims | undefined {
  const { claims } = identity
  if (typeof claims !== 'object' || claims === null) return undefined
  return madeBy.get(claims) === schema ? (claims as Claims) : undefined
}
