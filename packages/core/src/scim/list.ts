import type { PluginContext } from '../plugin/context.js'
import { ifReadable } from '../store/readable.js'
import { directoryOf, type User, userOf, users } from './user.js'

export const MOST_LISTED = 200

export interface UserPage {
  readonly total: number
  readonly users: readonly User[]
}

/**
 * Users in the order in which they were entered, from the `startIndex`-th (from 1) on, at most `count` (0 to 200). What
 * lies before is read past, a thousand at a time: RFC 7644 §3.4.2.4 pages by position.
 */
export async function listUsers(
  context: PluginContext,
  { startIndex, count }: { startIndex: number; count: number },
): Promise<UserPage> {
  const total = await directoryOf(context).count(users.name)
  const listed: User[] = []
  let position = 0
  let cursor: string | undefined
  while (count > 0 && startIndex <= total && listed.length < count) {
    const page = await directoryOf(context).page(users.name, {
      limit: Math.min(1000, Math.max(startIndex - 1 - position, 0) + count - listed.length),
      ...(cursor === undefined ? {} : { cursor }),
    })
    for (const stored of page.records) {
      position += 1
      if (position < startIndex || listed.length >= count) continue
      const user = ifReadable(context, { name: users.name, read: userOf }, stored)
      if (user) listed.push(user)
    }
    cursor = page.nextCursor
    if (cursor === undefined) break
  }
  return { total, users: listed }
}
