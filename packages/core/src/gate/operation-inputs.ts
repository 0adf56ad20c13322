import type { ListQuery } from '../account-index/account-index.js'
import { type BanRequest, MAX_BAN_SECONDS } from '../accounts/ban.js'
import { MAX_RELOGIN_SECONDS } from '../accounts/force-logout.js'
import {
  type Account,
  anyAccount,
  type By,
  byActor,
  emailAccount,
  type InputTable,
  idempotencyKey,
  scopeWish,
} from '../authorization/operation.js'
import { flag, integer, nonEmptyText, oneOf, text } from '../input/kinds.js'
import type { TokenToIssueOnce } from '../tokens/issue-once.js'
import type { TokenFilter } from '../tokens/list-all.js'

const page = { limit: integer(1, 200), cursor: nonEmptyText }
export const BY: InputTable<By> = { members: byActor, required: ['by'] }
export const PAGE: InputTable<ListQuery> = { members: page, required: ['limit'] }
export const LIST_OF_ACCOUNT: InputTable<ListQuery & Account> = {
  members: { ...page, ...anyAccount },
  required: ['limit', 'account'],
}
export const LIST_OF_ALL: InputTable<ListQuery & TokenFilter> = {
  members: { ...page, email: text, name: text, status: oneOf('active', 'revoked', 'expired') },
  required: ['limit'],
}
export const SESSION_TO_END: InputTable<{ readonly handle: string } & By> = {
  members: { handle: nonEmptyText, ...byActor },
  required: ['handle', 'by'],
}
export const TOKEN_TO_ISSUE: InputTable<TokenToIssueOnce> = {
  // Which lifetimes are short or long enough is the gate's to say.
  members: {
    ...emailAccount,
    ...byActor,
    ...scopeWish,
    name: text,
    lifetimeSeconds: integer(1, Number.MAX_SAFE_INTEGER),
    idempotencyKey,
  },
  required: ['account'],
}
export const BAN: InputTable<BanRequest> = {
  members: {
    ...anyAccount,
    ...byActor,
    durationSeconds: integer(1, MAX_BAN_SECONDS),
    reason: text,
    keepTokens: flag,
  },
  required: ['account', 'by'],
}
export const FORCED_LOGOUT: InputTable<Account & By & { readonly reloginAfterSeconds?: number }> = {
  members: { ...anyAccount, ...byActor, reloginAfterSeconds: integer(0, MAX_RELOGIN_SECONDS) },
  required: ['account', 'by'],
}
