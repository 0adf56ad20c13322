import type { Identity } from '../authentication/identity.js'
import type { GateContext } from '../context/context.js'
import { GATE_CLIENT_ID } from '../tokens/token.js'
import { verifyToken } from '../tokens/token-kind.js'

/** Whom a credential of the gate was issued to (RFC 7662 §2.2); other issuers have clients of their own. */
export async function clientOf(
  context: GateContext,
  token: string,
  { credential }: Identity,
): Promise<string | undefined> {
  if (credential.kind !== 'token' && credential.kind !== 'api_key') return undefined
  const verified = credential.kind === 'token' ? await verifyToken(context, token) : undefined
  return (verified?.ok && verified.value.clientId) || GATE_CLIENT_ID
}
