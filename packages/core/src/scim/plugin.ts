import { gateContextOf } from '../plugin/context.js'
import type { Plugin } from '../plugin/plugin.js'
import type { OwnAccess } from '../plugin/route.js'
import { refuseUnlessDirectory } from './admit.js'
import { checkScim, directorySecrets, type ScimOptions } from './options.js'
import { isInDirectory } from './user.js'

/** Lets a directory create and deactivate users at `/scim/v2` (RFC 7644), by a secret of its own. */
export function scim(options: ScimOptions): Plugin<'scim', undefined> {
  return {
    name: 'scim',
    namespaces: ['/scim/v2/'],
    secrets: { 'scim.secret': options?.secret ?? [] },
    check: (problems) => checkScim(options, problems),
    start(context) {
      const gate = gateContextOf(context)
      const isSecret = directorySecrets(options)
      const access: OwnAccess = {
        name: 'scim',
        description: 'The secret of the directory; it opens nothing else.',
        refuse: (view) => refuseUnlessDirectory(gate, isSecret, view),
      }
      return {
        logins: { knowsAccount: (account) => isInDirectory(gate, account) },
        routes: async () => (await import('./routes/index.js')).scimRoutes(gate, access),
      }
    },
  }
}
