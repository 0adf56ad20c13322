import type { GateContext } from '../context/context.js'
import { type Denial, denial } from '../errors/denial.js'
import type { DenialCode } from '../errors/denials.js'
import { done, type Outcome, refused } from '../errors/outcome.js'
import type { Check, Write } from '../store/store.js'
import { optimistically, RACED, type Replicated, replicationOf } from '../store/update.js'
import { putStanding, readStanding, STANDING, type Standing } from './standing.js'

export interface ChangedStanding extends Replicated {
  readonly standing: Standing
}

/**
 * Replaces an account's standing by what `next` makes of the current one. Atomic: under concurrent changes `next`
 * runs again on the newer standing. Answers what was stored.
 */
export async function changeStanding(
  context: GateContext,
  partition: string,
  next: (current: Standing) => Standing,
): Promise<ChangedStanding> {
  return optimistically(context, 'The standing of an account changed too often to be changed', async () => {
    const { standing, version } = await readStanding(context, partition)
    const changed = next(standing)
    const result = await context.store.commit(partition, {
      confirm: true,
      essential: true,
      checks: [{ key: STANDING, version }],
      writes: [putStanding(changed)],
    })
    return result.committed ? { standing: changed, ...replicationOf(result) } : RACED
  })
}

export interface Conditions {
  readonly checks?: readonly Check[]
  /** The answer when one of `checks` fails. Default `grant_invalid`. */
  readonly otherwise?: DenialCode
  /** The answer when a write would pass its limit. Default `rate_limited`. */
  readonly beyond?: (write: Write | undefined) => Denial
  /** The writes revoke something. */
  readonly confirm?: boolean
}

/**
 * Commits `writes` to an account's partition only while its standing is the one that `refuse` let pass. A ban that
 * arrives between the two is seen: either the commit came first and the ban ends its work, or `refuse` runs again.
 * `refuse` runs after the records of the partition were read.
 */
export async function commitUnderStanding(
  context: GateContext,
  partition: string,
  refuse: (standing: Standing) => Denial | undefined,
  writes: (standing: Standing) => readonly Write[] | Promise<readonly Write[]>,
  {
    checks = [],
    otherwise = 'grant_invalid',
    beyond = () => denial('rate_limited'),
    confirm = false,
  }: Conditions = {},
): Promise<Outcome<Standing>> {
  return optimistically(context, 'The standing of an account changed too often to act under it', async () => {
    const { standing, version } = await readStanding(context, partition)
    const refusal = refuse(standing)
    if (refusal) return { ok: false as const, denial: refusal }
    const written = await writes(standing)
    const result = await context.store.commit(partition, {
      ...(confirm ? { confirm } : {}),
      checks: [{ key: STANDING, version }, ...checks],
      writes: written,
    })
    if (result.committed) return done(standing)
    if (result.refusedBy === 'limit') return { ok: false as const, denial: beyond(written[result.index]) }
    return result.index > 0 ? refused(otherwise) : RACED
  })
}
