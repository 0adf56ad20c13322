import { Failure, quoteUntrusted } from '../failure.js'
import { ask, explainStatus, requestOptions } from './ask.js'

/** What the gate says of whoever bears a token. */
export interface Account {
  readonly email: string
  readonly role: string
  readonly [name: string]: unknown
}

/** Asks the gate who bears this token. Throws `Failure` with the gate's reason when it lets nobody in with it. */
export async function askWho(gate: string, accessToken: string): Promise<Account> {
  const url = new URL('/oauth2/userinfo', gate)
  return ask(gate, async () => {
    const response = await fetch(url, {
      headers: { authorization: `Bearer ${accessToken}`, accept: 'application/json' },
      redirect: 'manual',
      signal: requestOptions().signal,
    })
    const body = await readObject(response)
    if (response.ok && typeof body.email === 'string' && typeof body.role === 'string') return body as Account
    if (typeof body.detail === 'string') throw new Failure(`${gate} refuses: ${quoteUntrusted(body.detail)}`)
    throw explainStatus(gate, response.status)
  })
}

async function readObject(response: Response): Promise<Readonly<Record<string, unknown>>> {
  const text = await response.text()
  try {
    const body: unknown = JSON.parse(text)
    return typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}
