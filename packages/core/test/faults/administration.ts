import type { Gate } from '../../src/gate/gate.js'
import { Token } from './token.js'
import { until } from './until.js'

const PAUSE_MS = 15

/** Issues tokens and ends them, by turns by revocation and ban, while faults go on; adds each to the pool. */
export class Administration {
  readonly violations: string[] = []
  acknowledged = 0
  failed = 0
  isOver = false
  readonly #gate: Gate
  readonly #pool: Token[]
  readonly #running: Promise<void>

  constructor(gate: Gate, pool: Token[]) {
    this.#gate = gate
    this.#pool = pool
    this.#running = this.#run()
  }

  async stop(): Promise<void> {
    this.isOver = true
    await this.#running
  }

  async untilAcknowledged(withinMs = 4000): Promise<void> {
    const before = this.acknowledged
    await until('revocations and bans are acknowledged', withinMs, () => this.acknowledged > before + 1)
  }

  async untilFailed(withinMs = 4000): Promise<void> {
    const before = this.failed
    await until('revocations and bans fail', withinMs, () => this.failed > before + 1)
  }

  async #run(): Promise<void> {
    for (let turn = 0; !this.isOver; turn++) {
      try {
        const token = await Token.issue(this.#gate, 'passing')
        this.#pool.push(token)
        await (turn % 2 === 0 ? token.revoke(this.#gate) : token.ban(this.#gate))
        this.acknowledged += 1
      } catch (cause) {
        this.failed += 1
        const code = (cause as { code?: unknown }).code
        if (code !== 'store_unavailable') this.violations.push(String(cause))
      }
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
    }
  }
}
