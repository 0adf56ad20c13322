import { activateAccount, deactivateAccount } from '../accounts/deactivate.js'
import { pruneLater } from '../accounts/prune-ended.js'
import type { Actor } from '../authorization/actor.js'
import type { GateContext } from '../context/context.js'
import type { PluginAccounts } from '../plugin/accounts.js'
import { openSession, parseHandle, sessionRecords } from '../sessions/session.js'
import { changeStanding } from '../standing/change.js'
import { withoutSessions, withoutTokens } from '../standing/standing.js'
import { infoOf } from './operations.js'

/** What one plugin does to whole accounts, as `by`. */
export function pluginAccounts(gate: GateContext, by: Actor): PluginAccounts {
  return {
    deactivate: (account) => deactivateAccount(gate, { account, by }),
    activate: (account) => activateAccount(gate, { account, by }),
    async end(account, ends) {
      await changeStanding(gate, gate.partitionOf(account), (standing) =>
        withoutSessions(ends === 'everything' ? withoutTokens(standing, gate.clock()) : standing),
      )
      if (ends === 'sessions') await gate.grants.endAll(account)
      await pruneLater(gate, account)
    },
    async session(handle) {
      const key = parseHandle(handle)
      const [stored] = key ? await gate.store.read(key.partition, [sessionRecords.key(key.id)]) : []
      const session = key && stored && openSession(gate, key, stored)
      return session && infoOf(session)
    },
  }
}
