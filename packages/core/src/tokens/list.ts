import type { Listed, ListQuery } from '../account-index/account-index.js'
import type { GateContext } from '../context/context.js'
import { done, type Outcome, refused } from '../errors/outcome.js'
import { describeTokens } from './describe.js'
import { type TokenInfo, tokenRecords } from './token.js'

/** One account's tokens, newest first, also the expired and revoked ones for as long as they are kept. */
export async function listTokens(
  context: GateContext,
  input: ListQuery & { account: string },
): Promise<Listed<TokenInfo>> {
  const { account, limit, cursor } = input
  const page = await context.store.page(context.partitionOf(account), tokenRecords.name, {
    limit,
    order: 'descending',
    ...(cursor === undefined ? {} : { cursor }),
  })
  const ids = page.records.map((record) => record.id)
  const items = await describeTokens(context, account, ids)
  return { items, ...(page.nextCursor === undefined ? {} : { nextCursor: page.nextCursor }) }
}

/** One token of an account. Refused with `token_not_found` also when it is another account's. */
export async function describeToken(
  context: GateContext,
  input: { account: string; id: string },
): Promise<Outcome<TokenInfo>> {
  const [info] = await describeTokens(context, input.account, [input.id])
  return info ? done(info) : refused('token_not_found')
}
