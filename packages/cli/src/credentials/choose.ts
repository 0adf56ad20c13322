import { Failure } from '../failure.js'
import { readGateUrl } from '../gate/read-url.js'
import type { World } from '../world.js'
import type { Credential, Credentials } from './credential.js'

/** The gate that was asked for: on the command line, or else by `PORTCULLIS_GATE`. */
export function askedGate({ env }: Pick<World, 'env'>, typed: string | undefined): string | undefined {
  const text = typed ?? (env.PORTCULLIS_GATE || undefined)
  return text === undefined ? undefined : readGateUrl(text)
}

/**
 * The gate that is meant: the one that was asked for, or that of the last login. After that has logged out no other
 * takes its place: its token would go to the wrong gate.
 */
export function chooseGate(credentials: Credentials, asked: string | undefined): string {
  const gate = asked ?? credentials.default
  if (gate !== undefined) return gate
  const [known, ...more] = Object.keys(credentials.gates)
  if (known === undefined) throw new Failure('nobody is logged in: portcullis login https://gate.example.com')
  throw new Failure(`choose by --gate or PORTCULLIS_GATE: ${[known, ...more].join(', ')}`)
}

/** The login at a gate. Throws `Failure` when there is none. */
export function credentialOf({ gates }: Credentials, gate: string): Credential {
  const credential = Object.hasOwn(gates, gate) ? gates[gate] : undefined
  if (!credential) throw new Failure(`nobody is logged in to ${gate}: portcullis login ${gate}`)
  return credential
}
