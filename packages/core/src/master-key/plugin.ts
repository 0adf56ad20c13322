import { secretProblem } from '../crypto/secrets.js'
import { checkMembers } from '../input/check.js'
import { oneOf, text } from '../input/kinds.js'
import type { Plugin } from '../plugin/plugin.js'
import { MASTER_KEY_ACCOUNT, masterKeyKind } from './master-key-kind.js'
import type { MasterKeyOptions } from './options.js'

/**
 * A key for operators and automation, before anybody has logged in. It acts as a super admin and is audited as `master-key`;
 * no ban ends it, only the configuration.
 */
export function masterKey(options: MasterKeyOptions): Plugin<'masterKey', undefined> {
  return {
    name: 'masterKey',
    operators: { master_key: MASTER_KEY_ACCOUNT },
    secrets: { 'masterKey.key': options?.key ?? [] },
    check(problems) {
      const members = { key: text, scopes: oneOf('administration', 'everything') }
      const { key } = checkMembers(options, members, problems, { name: 'masterKey', required: ['key'] })
      const problem = key === undefined ? undefined : secretProblem(key)
      if (problem) problems.push(`masterKey.key: ${problem}`)
    },
    start: (context) => ({ credentialKinds: [masterKeyKind(context, options)] }),
  }
}
