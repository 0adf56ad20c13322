import { refresh } from '../gate/refresh.js'
import type { Millis, World } from '../world.js'
import { changeCredentials } from './change.js'
import { chooseGate, credentialOf } from './choose.js'
import type { Credential } from './credential.js'
import { readCredentials } from './read.js'

const MINUTE_MS = 60_000

/**
 * The login at the gate that is meant, with an access token that works for another minute, or longer if the gate grants
 * as much. Of any number of processes at once, one refreshes.
 */
export async function freshCredential(
  world: World,
  asked: string | undefined,
  forMs = MINUTE_MS,
): Promise<{ gate: string; credential: Credential }> {
  const stored = await readCredentials(world)
  const gate = chooseGate(stored, asked)
  const credential = credentialOf(stored, gate)
  if (isFresh(credential, world.now() + forMs)) return { gate, credential }
  return changeCredentials(world, async (current, keep) => {
    const latest = credentialOf(current, gate)
    if (isFresh(latest, world.now() + forMs)) return { gate, credential: latest }
    const next = await refresh(world, gate, latest)
    await keep({ ...current, gates: { ...current.gates, [gate]: next } })
    return { gate, credential: next }
  })
}

function isFresh({ expiresAt }: Credential, until: Millis): boolean {
  return expiresAt >= until
}
