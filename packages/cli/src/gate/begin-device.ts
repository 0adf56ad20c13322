import {
  type AuthorizationServer,
  type DeviceAuthorizationResponse,
  deviceAuthorizationRequest,
  processDeviceAuthorizationResponse,
} from 'oauth4webapi'
import { Failure } from '../failure.js'
import { ask, CLIENT, CLIENT_AUTH, requestOptions } from './ask.js'
import { isConfidential } from './read-url.js'

/** Opens a request that a person may approve (RFC 8628 §3.1). The links lead to https, or to this machine. */
export async function beginDevice(
  gate: string,
  server: AuthorizationServer,
  scope: string | undefined,
): Promise<DeviceAuthorizationResponse> {
  const parameters: Record<string, string> = scope === undefined ? {} : { scope }
  const begun = await ask(gate, async () =>
    processDeviceAuthorizationResponse(
      server,
      CLIENT,
      await deviceAuthorizationRequest(server, CLIENT, CLIENT_AUTH, parameters, requestOptions()),
    ),
  )
  const links = [begun.verification_uri, begun.verification_uri_complete ?? begun.verification_uri]
  if (!links.every((link) => URL.canParse(link) && isConfidential(new URL(link))))
    throw new Failure(`${gate} gave a link that cannot be trusted`)
  return begun
}
