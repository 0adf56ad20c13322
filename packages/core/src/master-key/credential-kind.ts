import type { OperatorKind } from '../authentication/credential-kind.js'
import type { Deps } from '../context/context.js'
import { recognizer } from '../crypto/hash.js'
import { done } from '../errors/outcome.js'
import { WITHOUT_END } from '../standing/standing.js'

/** The name of the operator in the audit log. No e-mail, so no account can have it. */
export const MASTER_KEY_ACCOUNT = 'master-key'

/**
 * A key of the operator's own choosing, for automation before anybody has logged in. It works while the store does not,
 * and after a loss of records, which is when an operator needs it. Undefined where none is configured.
 */
export function masterKeyKind(deps: Deps): OperatorKind | undefined {
  const { masterKey, masterKeyScopes, requiredScope, scopes } = deps.options
  if (masterKey === undefined) return undefined
  const isKey = recognizer(masterKey)
  const startedAt = deps.clock()
  const operator = done({ partition: deps.partitionOf(MASTER_KEY_ACCOUNT), id: MASTER_KEY_ACCOUNT })
  const granted = Object.freeze(
    Object.keys(scopes).filter((scope) => scope !== requiredScope || masterKeyScopes === 'everything'),
  )
  return {
    name: 'master_key',
    isOfOperator: true,
    prove: (credential) => (isKey(credential) ? operator : undefined),
    describe: () => ({
      accountId: MASTER_KEY_ACCOUNT,
      role: 'super_admin',
      scopes: granted,
      issuedAt: startedAt,
      expiresAt: WITHOUT_END,
    }),
  }
}
