import { askedGate } from './credentials/choose.js'
import { freshCredential } from './credentials/refresh-stale.js'
import { quoteUntrusted } from './failure.js'
import { askWho } from './gate/ask-who.js'
import type { Arguments } from './parse-arguments.js'
import type { World } from './world.js'

/** Prints who is logged in, as the gate sees it. */
export async function whoami(world: World, options: Arguments): Promise<void> {
  const { gate, credential } = await freshCredential(world, askedGate(world, options.gate))
  const account = await askWho(gate, credential.accessToken)
  world.print(
    options.json
      ? `${JSON.stringify({ gate, ...account })}\n`
      : `${quoteUntrusted(account.email)} (${quoteUntrusted(account.role)}) at ${gate}\n`,
  )
}
