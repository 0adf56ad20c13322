import { expect } from 'vitest'
import type { Gate } from '../../src/gate/gate.js'
import { Administration } from './administration.js'
import { castOf, type Token } from './token.js'
import { recovered, Traffic } from './traffic.js'

export interface Ordeal {
  /**
   * Brings the fault, waits until it has bitten, and lifts it. Recovery is counted from its end. May stop the
   * administration where what it does could rightly be lost.
   */
  readonly fault: (traffic: Traffic, administration: Administration) => Promise<void>
  /** False for a server that forgets: then no token needs to be allowed afterwards. Default true. */
  readonly isDurable?: boolean
}

export interface Endured {
  readonly recoveryMs: number
  readonly traffic: Traffic
  readonly administration: Administration
  readonly pool: readonly Token[]
}

/**
 * Runs traffic and administration through a gate before, during and after a fault. Whatever the fault is: no ended
 * token comes in, no good one is refused as if it were bad, every refusal is a prompt 503, and all is well again soon.
 */
export async function endure(gate: Gate, ordeal: Ordeal): Promise<Endured> {
  const { fault, isDurable = true } = ordeal
  const { good, all } = await castOf(gate)
  const traffic = new Traffic(gate, all)
  const administration = new Administration(gate, all)
  let recoveryMs: number
  try {
    await traffic.untilAllowed()
    await administration.untilAcknowledged()
    traffic.isDurable = isDurable
    await fault(traffic, administration)
    recoveryMs = isDurable ? await recovered(gate, good) : await traffic.untilAnswered(good)
    if (isDurable && !administration.isOver) await administration.untilAcknowledged()
  } finally {
    await administration.stop()
    await traffic.stop()
  }
  for (const token of all) if (token.state === 'ended') await traffic.ask(token)
  expect([...traffic.violations, ...administration.violations]).toEqual([])
  return { recoveryMs, traffic, administration, pool: all }
}
