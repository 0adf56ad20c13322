import type { Gate } from '../../src/gate/gate.js'
import type { RequestView } from '../../src/request/view.js'
import { must } from '../gate/gate-fixture.js'

let accounts = 0

/** A token, and what its holder may count on: only what was acknowledged. */
export class Token {
  readonly name: string
  readonly request: RequestView
  /** `unsure` from the moment that its end is asked for until it is acknowledged. */
  state: 'good' | 'unsure' | 'ended' = 'good'
  endedAt: number | undefined
  readonly #account: string
  readonly #id: string

  private constructor(account: string, id: string, token: string) {
    this.name = account.replace(/@.*/, '')
    this.request = { method: 'GET', target: '/', rawHeaders: ['x-api-key', token] }
    this.#account = account
    this.#id = id
  }

  /** For an account of its own. Rejects when the gate does. */
  static async issue(gate: Gate, name = 'user'): Promise<Token> {
    accounts += 1
    const account = `${name}-${accounts}@example.com`
    const { token, info } = must(await gate.tokens.issue({ account }))
    return new Token(account, info.id, token)
  }

  async revoke(gate: Gate): Promise<void> {
    this.state = 'unsure'
    must(await gate.tokens.revoke({ account: this.#account, id: this.#id, by: { service: 'test' } }))
    this.#end()
  }

  async ban(gate: Gate): Promise<void> {
    this.state = 'unsure'
    must(await gate.standing.ban({ account: this.#account, by: { service: 'test' } }))
    this.#end()
  }

  #end(): void {
    this.endedAt = performance.now()
    this.state = 'ended'
  }
}

/** One good token, one revoked, one of a banned account. */
export async function castOf(
  gate: Gate,
): Promise<{ good: Token; revoked: Token; banned: Token; all: Token[] }> {
  const [good, revoked, banned] = [
    await Token.issue(gate, 'good'),
    await Token.issue(gate, 'revoked'),
    await Token.issue(gate, 'banned'),
  ]
  await revoked.revoke(gate)
  await banned.ban(gate)
  return { good, revoked, banned, all: [good, revoked, banned] }
}
