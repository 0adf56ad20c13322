import { changeCredentials } from './credentials/change.js'
import { askedGate } from './credentials/choose.js'
import type { Credential } from './credentials/credential.js'
import { readCredentials } from './credentials/read.js'
import { Failure, Misuse, quoteUntrusted } from './failure.js'
import { askWho } from './gate/ask-who.js'
import { awaitApproval } from './gate/await-approval.js'
import { beginDevice } from './gate/begin-device.js'
import { discover } from './gate/discover.js'
import { revoke } from './gate/revoke.js'
import type { Arguments } from './parse-arguments.js'
import type { World } from './world.js'

/**
 * Logs in by device flow (RFC 8628) and keeps the credential. An earlier login at the same gate is revoked. Throws
 * `Failure` when the person says no or nothing.
 */
export async function login(world: World, options: Arguments): Promise<void> {
  const known = await readCredentials(world)
  const gate = askedGate(world, options.gate) ?? known.default
  if (gate === undefined) throw new Misuse('which gate? portcullis login https://gate.example.com')
  const server = await discover(gate)
  const begun = await beginDevice(gate, server, options.scope)
  const link = new URL(begun.verification_uri_complete ?? begun.verification_uri).href
  const say = options.json ? world.notify : world.print
  say(`Open ${link}\nand allow the code ${quoteUntrusted(begun.user_code)}\n`)
  if (options.browser) world.openBrowser(link)
  const credential = await awaitApproval(world, gate, server, begun)
  await store(world, gate, credential)
  const email = await emailOf(gate, credential)
  const { scope, expiresAt } = credential
  world.print(
    options.json
      ? `${JSON.stringify({ gate, email, scope, expires_at: Math.floor(expiresAt / 1000) })}\n`
      : `Logged in to ${gate}${email === null ? '' : ` as ${email}`} (${quoteUntrusted(scope)})\n`,
  )
}

async function store(world: World, gate: string, credential: Credential): Promise<void> {
  const earlier = await changeCredentials(world, async (current, keep) => {
    await keep({ default: gate, gates: { ...current.gates, [gate]: credential } })
    return Object.hasOwn(current.gates, gate) ? current.gates[gate] : undefined
  })
  // Whatever is left of it ends by itself.
  if (earlier) await revoke(gate, earlier).catch(ignoreFailure)
}

/** Null when a token of these scopes may not ask. */
async function emailOf(gate: string, { accessToken }: Credential): Promise<string | null> {
  const account = await askWho(gate, accessToken).catch(ignoreFailure)
  return account ? quoteUntrusted(account.email) : null
}

function ignoreFailure(error: unknown): undefined {
  if (!(error instanceof Failure)) throw error
}
