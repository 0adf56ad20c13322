import { type AuthorizationServer, discoveryRequest, processDiscoveryResponse } from 'oauth4webapi'
import { Failure } from '../failure.js'
import { ask, requestOptions } from './ask.js'
import { isConfidential } from './read-url.js'

const ENDPOINTS = ['token_endpoint', 'device_authorization_endpoint', 'revocation_endpoint'] as const

/** Where a gate does what (RFC 8414 §3). Throws `Failure` when its name or an endpoint is not what it must be. */
export async function discover(gate: string): Promise<AuthorizationServer> {
  const issuer = new URL(gate)
  const server = await ask(gate, async () =>
    processDiscoveryResponse(
      issuer,
      await discoveryRequest(issuer, { algorithm: 'oauth2', ...requestOptions() }),
    ),
  )
  for (const name of ENDPOINTS) {
    const endpoint = server[name]
    if (typeof endpoint !== 'string' || !URL.canParse(endpoint) || !isConfidential(new URL(endpoint)))
      throw new Failure(`${gate} has no ${name.replaceAll('_', ' ')} that can be trusted`)
  }
  return server
}
