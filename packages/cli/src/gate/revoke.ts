import { processRevocationResponse, revocationRequest } from 'oauth4webapi'
import type { Credential } from '../credentials/credential.js'
import { ask, CLIENT, CLIENT_AUTH, requestOptions } from './ask.js'
import { discover } from './discover.js'

/** Ends a login at the gate, with the access token that it last bought (RFC 7009). */
export async function revoke(gate: string, { refreshToken }: Credential): Promise<void> {
  const server = await discover(gate)
  const hint = { additionalParameters: { token_type_hint: 'refresh_token' } }
  await ask(gate, async () =>
    processRevocationResponse(
      await revocationRequest(server, CLIENT, CLIENT_AUTH, refreshToken, { ...requestOptions(), ...hint }),
    ),
  )
}
