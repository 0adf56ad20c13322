import type { Deps } from '../deps.js'
import { DIRECTORY } from '../directory/directory.js'
import { PortcullisError } from '../errors.js'
import { done, type Outcome, refused } from '../outcome.js'
import type { JsonValue, Millis } from '../store/store.js'

const ROSTER = { collection: 'super-admins', id: 'banned' } as const
const ATTEMPTS = 20

type Roster = Readonly<Record<string, Millis>>

/**
 * Enters a super admin into the roster of banned ones, unless no other would stay able to work: `last_super_admin`.
 * One record for all of them, so that two super admins who ban each other at the same moment cannot both succeed.
 */
export async function reserveSuperAdminBan(
  deps: Deps,
  account: string,
  until: Millis,
): Promise<Outcome<void>> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const [record] = await deps.store.read(DIRECTORY, [ROSTER])
    const roster = inForce((record?.value ?? {}) as Roster, deps.clock())
    const others = [...deps.options.superAdmins].filter((other) => other !== account && !(other in roster))
    if (others.length === 0) return refused('last_super_admin')
    const changed = { ...roster, [account]: until }
    const result = await writeRoster(deps, record?.version ?? null, changed)
    if (result.committed) return done(undefined)
  }
  throw new PortcullisError('store_unavailable', 'The roster of super admins changed too often')
}

export async function releaseSuperAdminBan(deps: Deps, account: string): Promise<void> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const [record] = await deps.store.read(DIRECTORY, [ROSTER])
    if (!record) return
    const { [account]: _released, ...others } = record.value as Roster
    const result = await writeRoster(deps, record.version, others)
    if (result.committed) return
  }
  throw new PortcullisError('store_unavailable', 'The roster of super admins changed too often')
}

function inForce(roster: Roster, now: Millis): Roster {
  return Object.fromEntries(Object.entries(roster).filter(([, until]) => until > now))
}

function writeRoster(deps: Deps, version: string | null, roster: JsonValue) {
  return deps.store.commit(DIRECTORY, {
    quiet: true,
    checks: [{ key: ROSTER, version }],
    writes: [{ put: ROSTER, value: roster }],
  })
}
