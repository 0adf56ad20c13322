import type { Gate } from '../../src/gate/gate.js'
import { must } from '../gate/gate-fixture.js'
import { RECOVERY_MS } from './stage.js'
import type { Token } from './token.js'
import { until } from './until.js'

const PAUSE_MS = 3
const REFUSED_WITHIN_MS = 500

export interface TrafficOptions {
  /** How long another gate's revocation may take to be felt here. Default 0: the same gate. */
  readonly feltWithinMs?: number
  /** False once records may rightly be gone: then a good token may be refused too. Default true. */
  readonly isDurable?: boolean
}

/** Requests with every token of a pool, and everything that they saw and should not have seen. */
export class Traffic {
  readonly violations: string[] = []
  allowed = 0
  denied = 0
  unavailable = 0
  slowestMs = 0
  isDurable: boolean
  readonly #gate: Gate
  readonly #tokens: readonly Token[]
  readonly #feltWithinMs: number
  #isOver = false
  readonly #running: Promise<void>[]

  constructor(gate: Gate, tokens: readonly Token[], options: TrafficOptions = {}) {
    this.#gate = gate
    this.#tokens = tokens
    this.#feltWithinMs = options.feltWithinMs ?? 0
    this.isDurable = options.isDurable ?? true
    this.#running = [0, 1, 2, 3].map((lane) => this.#run(lane))
  }

  async stop(): Promise<void> {
    this.#isOver = true
    await Promise.all(this.#running)
  }

  async untilAllowed(withinMs = 4000): Promise<void> {
    const before = this.allowed
    await until('requests come in', withinMs, () => this.allowed > before + 5)
  }

  /** Resolves once requests have been refused for want of the store since now. */
  async untilUnavailable(withinMs = 4000): Promise<void> {
    const before = this.unavailable
    await until('requests are refused', withinMs, () => this.unavailable > before + 5)
  }

  /** For a server that forgets: until the store answers again, whatever it says of the token. */
  async untilAnswered(token: Token, withinMs = RECOVERY_MS): Promise<number> {
    return until('the store answers', withinMs, async () => (await this.ask(token)) !== 'unavailable')
  }

  async #run(lane: number): Promise<void> {
    for (let turn = lane; !this.#isOver; turn++) {
      const token = this.#tokens[turn % this.#tokens.length]
      if (token) await this.ask(token)
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
    }
  }

  /** One request; judged by what was acknowledged before it began. */
  async ask(token: Token): Promise<'allow' | 'deny' | 'login' | 'unavailable'> {
    const before = performance.now()
    const isEnded = token.endedAt !== undefined && before - token.endedAt > this.#feltWithinMs
    try {
      const { outcome } = await this.#gate.authenticate(token.request)
      const isGood = token.state === 'good'
      if (outcome === 'allow' && isEnded)
        this.#violate(token, 'allowed after its end was acknowledged', before)
      if (outcome !== 'allow' && isGood && this.isDurable) this.#violate(token, 'good and refused', before)
      if (outcome === 'allow') this.allowed += 1
      else this.denied += 1
      return outcome
    } catch (cause) {
      this.unavailable += 1
      this.#judgeRefusal(token, cause, before)
      return 'unavailable'
    } finally {
      const took = performance.now() - before
      this.slowestMs = Math.max(this.slowestMs, took)
      if (took > REFUSED_WITHIN_MS) this.#violate(token, `took ${Math.round(took)} ms`, before)
    }
  }

  #judgeRefusal(token: Token, cause: unknown, before: number): void {
    const code = (cause as { code?: unknown }).code
    if (code !== 'store_unavailable') this.#violate(token, `rejected with ${String(cause)}`, before)
    const { status, headers } = this.#gate.refuse(cause, '/v1/models')
    const said = {
      status,
      retryAfter: Number(headers.get('retry-after')) >= 1,
      cookie: headers.get('set-cookie'),
      challenge: headers.get('www-authenticate'),
    }
    const expected = { status: 503, retryAfter: true, cookie: null, challenge: null }
    if (JSON.stringify(said) !== JSON.stringify(expected)) this.#violate(token, JSON.stringify(said), before)
  }

  #violate(token: Token, what: string, at: number): void {
    const since = token.endedAt === undefined ? '' : `, ${Math.round(at - token.endedAt)} ms after its end`
    if (this.violations.length < 20) this.violations.push(`${token.name}: ${what}${since}`)
  }
}

/** Until the gate allows this token and issues another, counted from now; answers how long that took. */
export async function recovered(gate: Gate, good: Token, withinMs = RECOVERY_MS): Promise<number> {
  const works = async () => {
    const { outcome } = await gate.authenticate(good.request)
    must(await gate.tokens.issue({ account: 'newcomer@example.com' }))
    return outcome === 'allow'
  }
  return until('the gate works again', withinMs, () => works().catch(() => false))
}
