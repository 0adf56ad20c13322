import { INDEX } from '../account-index/account-index.js'
import type { GateContext } from '../context/context.js'
import { done, type Outcome, refused } from '../errors/outcome.js'
import { collection, hasShape, instant } from '../store/collection.js'
import type { Millis } from '../store/store.js'
import { optimistically, RACED } from '../store/update.js'

const BUSY = 'The roster of super admins changed too often'

/** Until when each is out of service, by ban and by directory apart: the end of one is not the end of the other. */
type Roster = Readonly<Record<string, Millis>>
/** One record, in the partition of the directory. */
export const rosters = collection<Roster>('super-admins', hasInstants, 'roster of super admins')
const ROSTER = rosters.key('banned')
type Cause = 'ban' | 'directory'

/** No account can be spelled with a space. */
const entryOf = (account: string, cause: Cause) => (cause === 'ban' ? account : `directory ${account}`)

/**
 * Enters a super admin into the roster of banned ones, unless no other would stay able to work: `last_super_admin`.
 * One record for all of them, so that two super admins who ban each other at the same moment cannot both succeed.
 */
export async function reserveSuperAdminBan(
  context: GateContext,
  account: string,
  until: Millis,
  cause: Cause = 'ban',
): Promise<Outcome<void>> {
  return optimistically(context, BUSY, async () => {
    const [record] = await context.store.read(INDEX, [ROSTER])
    const roster = inForce(record ? rosters.read(record) : {}, context.clock())
    const others = [...context.options.superAdmins].filter(
      (other) => other !== account && !isOut(roster, other),
    )
    if (others.length === 0) return refused('last_super_admin')
    const changed = { ...roster, [entryOf(account, cause)]: until }
    const result = await writeRoster(context, record?.version ?? null, changed)
    return result.committed ? done(undefined) : RACED
  })
}

export async function releaseSuperAdminBan(
  context: GateContext,
  account: string,
  cause: Cause = 'ban',
): Promise<void> {
  return optimistically(context, BUSY, async () => {
    const [record] = await context.store.read(INDEX, [ROSTER])
    if (!record) return
    const { [entryOf(account, cause)]: _released, ...others } = rosters.read(record)
    const result = await writeRoster(context, record.version, others)
    return result.committed ? undefined : RACED
  })
}

function hasInstants(value: unknown): value is Roster {
  return hasShape<object>({})(value) && Object.values(value).every(instant)
}

function isOut(roster: Roster, account: string): boolean {
  return entryOf(account, 'ban') in roster || entryOf(account, 'directory') in roster
}

function inForce(roster: Roster, now: Millis): Roster {
  return Object.fromEntries(Object.entries(roster).filter(([, until]) => until > now))
}

function writeRoster(context: GateContext, version: string | null, roster: Roster) {
  return context.store.commit(INDEX, {
    quiet: true,
    essential: true,
    checks: [{ key: ROSTER, version }],
    writes: [rosters.put(ROSTER.id, roster)],
  })
}
