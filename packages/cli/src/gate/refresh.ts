import { processRefreshTokenResponse, refreshTokenGrantRequest } from 'oauth4webapi'
import type { Credential } from '../credentials/credential.js'
import { Failure, Refused } from '../failure.js'
import type { World } from '../world.js'
import { ask, CLIENT, CLIENT_AUTH, requestOptions } from './ask.js'
import { discover } from './discover.js'
import { readGrant } from './read-grant.js'

/**
 * Spends the refresh token for a new pair (RFC 6749 §6). Whoever calls this holds the lock: a token spent twice ends the
 * login. Throws `Failure` when the login has ended.
 */
export async function refresh(world: World, gate: string, previous: Credential): Promise<Credential> {
  const server = await discover(gate)
  const askedAt = world.now()
  try {
    const answer = await ask(gate, async () =>
      processRefreshTokenResponse(
        server,
        CLIENT,
        await refreshTokenGrantRequest(server, CLIENT, CLIENT_AUTH, previous.refreshToken, requestOptions()),
      ),
    )
    return readGrant(gate, answer, { askedAt, previous })
  } catch (error) {
    if (!(error instanceof Refused) || error.error !== 'invalid_grant') throw error
    throw new Failure(`${error.message} Log in again: portcullis login ${gate}`)
  }
}
