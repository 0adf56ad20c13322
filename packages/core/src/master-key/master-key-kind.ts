import type { OperatorKind } from '../authentication/credential-kind.js'
import { WITHOUT_END } from '../context/limits.js'
import { recognizer } from '../crypto/hash.js'
import { done } from '../errors/outcome.js'
import type { PluginContext } from '../plugin/context.js'
import type { MasterKeyOptions } from './options.js'

/** The name of the operator in the audit log. No e-mail, so no account can have it. */
export const MASTER_KEY_ACCOUNT = 'master-key'

/**
 * A key of the operator's own choosing, for automation before anybody has logged in. It works while the store does not,
 * and after a loss of records, which is when an operator needs it.
 */
export function masterKeyKind(
  { clock, partitionOf, requiredScope, scopes }: PluginContext,
  { key, scopes: granting = 'administration' }: MasterKeyOptions,
): OperatorKind {
  const isKey = recognizer(key)
  const startedAt = clock()
  const operator = done({ partition: partitionOf(MASTER_KEY_ACCOUNT), id: MASTER_KEY_ACCOUNT })
  const granted = Object.freeze(
    scopes.filter((scope) => scope !== requiredScope || granting === 'everything'),
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
