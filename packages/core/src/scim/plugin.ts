import type { Plugin } from '../plugin/plugin.js'
import type { OwnAccess } from '../plugin/route.js'
import { refuseUnlessDirectory } from './admit.js'
import { checkScim, directorySecrets, type ScimOptions } from './options.js'
import { isInDirectory, SCIM, userAccounts, userNames, users } from './user.js'

/** Lets a directory create and deactivate users at `/scim/v2` (RFC 7644), by a secret of its own. */
export function scim(options: ScimOptions): Plugin<'scim', undefined> {
  return {
    name: 'scim',
    collections: Object.fromEntries(
      [users, userNames, userAccounts].map(({ name }) => [name, { name, in: [SCIM] }]),
    ),
    actsAs: 'scim',
    namespaces: ['/scim/v2/'],
    secrets: { 'scim.secret': options?.secret ?? [] },
    check: (problems) => checkScim(options, problems),
    start(context) {
      const isSecret = directorySecrets(options)
      const access: OwnAccess = {
        name: 'scim',
        description: 'The secret of the directory; it opens nothing else.',
        refuse: (view) => refuseUnlessDirectory(context, isSecret, view),
      }
      return {
        logins: { knowsAccount: (account) => isInDirectory(context, account) },
        routes: async () => (await import('./routes/index.js')).scimRoutes(context, access),
      }
    },
  }
}
