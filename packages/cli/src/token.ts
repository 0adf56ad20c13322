import { askedGate } from './credentials/choose.js'
import { freshCredential } from './credentials/refresh-stale.js'
import type { Arguments } from './parse-arguments.js'
import type { World } from './world.js'

/** Prints an access token that works for another minute, and nothing else. */
export async function token(world: World, options: Arguments): Promise<void> {
  const { gate, credential } = await freshCredential(world, askedGate(world, options.gate))
  const { accessToken, expiresAt } = credential
  world.print(
    options.json
      ? `${JSON.stringify({ gate, access_token: accessToken, expires_at: Math.floor(expiresAt / 1000) })}\n`
      : `${accessToken}\n`,
  )
}
