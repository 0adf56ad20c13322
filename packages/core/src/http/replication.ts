import { z } from 'zod'
import type { Replicated } from '../store/replication.js'

/** Of answers to bans and revocations; only where the gate waits for replicas. */
export const wireReplication = z
  .object({ requested: z.int(), confirmed: z.int() })
  .optional()
  .describe('How many replicas should have the change, and how many had it in time')

/** Says honestly when a change is on fewer machines than it should be. */
export function replicationOnWire(
  message: string,
  { replication }: Replicated,
): { message: string; replication?: { requested: number; confirmed: number } } {
  if (!replication) return { message }
  const { requested, confirmed } = replication
  if (confirmed >= requested) return { message, replication: { requested, confirmed } }
  const doubt = `It holds now, but only ${confirmed} of ${requested} replicas confirmed it: the loss of the master may undo it.`
  return { message: `${message} ${doubt}`, replication: { requested, confirmed } }
}
