import {
  type AuthorizationServer,
  type DeviceAuthorizationResponse,
  deviceCodeGrantRequest,
  processDeviceCodeResponse,
} from 'oauth4webapi'
import type { Credential } from '../credentials/credential.js'
import { Failure, OutOfReach, Refused } from '../failure.js'
import type { World } from '../world.js'
import { ask, CLIENT, CLIENT_AUTH, requestOptions } from './ask.js'
import { readGrant } from './read-grant.js'

/** RFC 8628 §3.2 and §3.5. */
const DEFAULT_INTERVAL_SECONDS = 5
const SLOWER_BY_SECONDS = 5

/**
 * Waits until a person has decided (RFC 8628 §3.4). Asks no oftener than it is told to; goes on when the gate is out of
 * reach for a while. Throws `Failure` when the person said no, or the code has expired.
 */
export async function awaitApproval(
  world: World,
  gate: string,
  server: AuthorizationServer,
  begun: DeviceAuthorizationResponse,
): Promise<Credential> {
  const deadline = world.now() + begun.expires_in * 1000
  let seconds = begun.interval ?? DEFAULT_INTERVAL_SECONDS
  for (;;) {
    await world.sleep(Math.min(seconds * 1000, deadline - world.now()))
    if (world.now() >= deadline) throw expired()
    const answer = await redeem(world, gate, server, begun.device_code)
    if (typeof answer !== 'string') return answer
    if (answer === 'slower') seconds += SLOWER_BY_SECONDS
  }
}

async function redeem(
  world: World,
  gate: string,
  server: AuthorizationServer,
  deviceCode: string,
): Promise<Credential | 'pending' | 'slower'> {
  const askedAt = world.now()
  try {
    const answer = await ask(gate, async () =>
      processDeviceCodeResponse(
        server,
        CLIENT,
        await deviceCodeGrantRequest(server, CLIENT, CLIENT_AUTH, deviceCode, requestOptions()),
      ),
    )
    return readGrant(gate, answer, { askedAt })
  } catch (error) {
    // RFC 8628 §3.5: after a broken connection, too, the next question comes later.
    if (error instanceof OutOfReach) return 'slower'
    if (!(error instanceof Refused)) throw error
    if (error.error === 'authorization_pending') return 'pending'
    if (error.error === 'slow_down') return 'slower'
    if (error.error === 'access_denied') throw new Failure('the login was denied in the browser')
    if (error.error === 'expired_token') throw expired()
    throw error
  }
}

function expired(): Failure {
  return new Failure('nobody approved the code in time; start again')
}
