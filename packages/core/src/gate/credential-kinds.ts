import { BEARER_HEADERS } from '../authentication/authenticate.js'
import type { AnyCredentialKind } from '../authentication/credential-kind.js'
import { isKindName } from '../authorization/actor.js'
import type { GateContext } from '../context/context.js'
import { PortcullisError } from '../errors/portcullis-error.js'
import { sessionKind } from '../sessions/session-kind.js'
import { tokenKind } from '../tokens/token-kind.js'

/**
 * Every kind of credential that the gate takes, in the order in which they are asked. Tokens of the gate come last: any
 * bearer credential that nobody else knows is one of them, or refused as one.
 */
export function builtInKinds(context: GateContext): readonly AnyCredentialKind[] {
  const kinds: readonly (AnyCredentialKind | undefined)[] = [sessionKind(context), tokenKind(context)]
  return kinds.filter((kind) => kind !== undefined)
}

/** In lower case, each once: what bearer credentials come in, and what the kinds name. */
export function credentialHeadersOf(kinds: readonly AnyCredentialKind[]): readonly string[] {
  const named = kinds.flatMap(({ headers = [] }) => headers)
  return Object.freeze([...new Set([...BEARER_HEADERS, ...named])])
}

/** An identity names its kind, and must find it again; so do those who read the audit log. Throws `configuration_invalid`. */
export function requireNamed(kinds: readonly AnyCredentialKind[]): readonly AnyCredentialKind[] {
  const names = kinds.map(({ name }) => name)
  const problems = names.flatMap((name, index) => {
    if (!isKindName(name))
      return `credential kind ${JSON.stringify(name)}: give 1 to 64 small letters, digits and underscores that name no other actor`
    return names.indexOf(name) < index ? `credential kind ${name}: there is one of this name already` : []
  })
  if (problems.length === 0) return kinds
  throw new PortcullisError('configuration_invalid', `The gate cannot start: ${problems.join('; ')}`, {
    problems,
  })
}
