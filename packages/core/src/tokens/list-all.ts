import { entries, INDEX, type Listed, type ListQuery } from '../account-index/account-index.js'
import type { GateContext } from '../context/context.js'
import { STANDING } from '../standing/standing.js'
import { isUnreadable } from '../store/collection.js'
import { ifReadable } from '../store/readable.js'
import { describeTokens } from './describe.js'
import type { TokenInfo, TokenStatus } from './token.js'

export interface TokenFilter {
  /** Part of the account's e-mail. */
  readonly email?: string
  /** Part of the token's name. */
  readonly name?: string
  readonly status?: TokenStatus
}

const EXAMINED_AT_MOST = 1000

/**
 * The tokens of all accounts, newest first. Reads at most 1000 records a call: with a narrow filter a page may hold
 * fewer than `limit`, or none, and still have a cursor.
 */
export async function listAllTokens(
  context: GateContext,
  query: ListQuery & TokenFilter,
): Promise<Listed<TokenInfo>> {
  const items: TokenInfo[] = []
  let cursor = query.cursor
  for (let examined = 0; examined < EXAMINED_AT_MOST && items.length < query.limit; ) {
    const limit = Math.min(query.limit - items.length, EXAMINED_AT_MOST - examined)
    const page = await context.store.page(INDEX, 'tokens', {
      limit,
      order: 'descending',
      ...(cursor === undefined ? {} : { cursor }),
    })
    const listed = page.records.flatMap((entry) => {
      const account = ifReadable(context, entries.tokens, entry)?.account
      return account === undefined ? [] : [{ id: entry.id, account }]
    })
    const candidates = listed.filter(({ account }) => contains(account, query.email))
    const infos = await describeEach(context, candidates)
    items.push(...infos.filter((info) => contains(info.name, query.name) && hasStatus(info, query.status)))
    examined += limit
    cursor = page.nextCursor
    if (cursor === undefined) break
  }
  return { items, ...(cursor === undefined ? {} : { nextCursor: cursor }) }
}

async function describeEach(context: GateContext, listed: readonly { id: string; account: string }[]) {
  const byAccount = new Map<string, string[]>()
  for (const { id, account } of listed) byAccount.set(account, [...(byAccount.get(account) ?? []), id])
  const described = await Promise.all(
    [...byAccount].map(([account, ids]) =>
      describeTokens(context, account, ids).catch((error: unknown) => {
        if (!isUnreadable(error)) throw error
        context.reportUnreadable(STANDING.collection, context.partitionOf(account))
        return []
      }),
    ),
  )
  const infos = new Map(described.flat().map((info) => [info.id, info]))
  return listed.map(({ id }) => infos.get(id)).filter((info) => info !== undefined)
}

function contains(text: string, part: string | undefined): boolean {
  return part === undefined || text.toLowerCase().includes(part.toLowerCase())
}

function hasStatus(info: TokenInfo, status: TokenStatus | undefined): boolean {
  return status === undefined || info.status === status
}
