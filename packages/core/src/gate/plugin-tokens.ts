import { canonicalEmail } from '../accounts/account-id.js'
import { actorFor } from '../authorization/actor.js'
import type { GateContext } from '../context/context.js'
import { refused } from '../errors/outcome.js'
import { parseJsonObject } from '../jws/strict-json.js'
import type { Plugin } from '../plugin/plugin.js'
import type { PluginTokens } from '../plugin/tokens.js'
import { issueToken } from '../tokens/issue.js'
import { revokeTokensOfGrant } from '../tokens/revoke-of-grant.js'

const MOST_RECORDS = 10
const GRANT_LENGTH = 200

/** What one plugin may do with tokens. `storedName`: the collection in the store, of one that the plugin has declared. */
export function pluginTokens(
  context: GateContext,
  { name, tokenTypes = [] }: Plugin,
  storedName: (collection: string) => string,
): PluginTokens {
  return {
    async issue({ grant, clientId, by = { service: name }, records = [], ...token }) {
      const actor = actorFor(by)
      if (!actor.ok) return actor
      if (canonicalEmail(token.account) !== token.account)
        return refused('input_invalid', { detail: 'account: give a canonical e-mail address.' })
      if (grant.length < 1 || grant.length > GRANT_LENGTH || records.length > MOST_RECORDS)
        throw new TypeError(
          `${name}: a grant has 1 to ${GRANT_LENGTH} characters and ${MOST_RECORDS} records`,
        )
      const placed = records.map(({ collection, id, isNew = false, ...record }) => ({
        key: { collection: storedName(collection), id },
        isNew,
        record,
      }))
      return issueToken(
        context,
        { ...token, by: actor.value },
        {
          id: context.randomId(16),
          family: grant,
          ...(clientId === undefined ? {} : { clientId }),
          refuse: () => undefined,
          checks: placed.flatMap(({ key, isNew }) => (isNew ? [{ key, version: null }] : [])),
          writes: () => placed.map(({ key, record }) => ({ put: key, ...record })),
        },
      )
    },
    revokeOfGrant: (grant) => revokeTokensOfGrant(context, grant),
    jwts(typ) {
      if (!tokenTypes.includes(typ)) throw new TypeError(`${name}: ${typ} is not one of its token types`)
      return {
        sign: (claims) => context.keys.sign(claims, typ),
        async prove(compact) {
          const verified = await context.keys.verify(compact).catch(() => undefined)
          return verified?.protectedHeader.typ === typ ? parseJsonObject(verified.payload) : undefined
        },
      }
    },
  }
}
