import type { Identity } from '../authentication/identity.js'

/** Which schema made which claims; two issuers may have different ones. */
const madeBy = new WeakMap<object, StandardSchema>()

export function rememberSchema(claims: unknown, schema: StandardSchema): void {
  if (typeof claims === 'object' && claims !== null) madeBy.set(claims, schema)
}

/**
 * The claims of whoever was let in, with the type that the schema of their issuer gives them. Undefined for everybody
 * else: sessions, the gate's own tokens, tokens of issuers with another schema, nobody.
 */
export function claimsOf<Claims extends object>(
  identity: Identity | undefined | null,
  schema: StandardSchema<Claims>,
): Claims | undefined {
  const claims = identity?.claims
  if (typeof claims !== 'object' || claims === null) return undefined
  return madeBy.get(claims) === schema ? (claims as Claims) : undefined
} /** What is asked of a Standard Schema v1 (https://standardschema.dev); zod, valibot and arktype make them. */
export interface StandardSchema<Output = unknown> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>
    readonly types?: { readonly input: unknown; readonly output: Output } | undefined
  }
}

export type SchemaResult<Output = unknown> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly unknown[] }

export function isStandardSchema(value: unknown): value is StandardSchema {
  // Arktype's schemas are functions.
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false
  const standard = (value as Partial<StandardSchema>)['~standard']
  return standard?.version === 1 && typeof standard.validate === 'function'
}
