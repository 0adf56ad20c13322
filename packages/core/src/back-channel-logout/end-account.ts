import { done } from '../errors/outcome.js'
import type { PluginContext } from '../plugin/context.js'

/** What a logout of a whole subject ends. */
export type LogoutEnds = 'everything' | 'sessions'

/**
 * Ends every session and refresh token of an account, and unless `ends` is `sessions` its tokens and
 * API keys, in one commit; only refresh tokens alone are ended one by one. It may log in again at once.
 */
export async function endAccountByProvider(
  context: Pick<PluginContext, 'accounts' | 'actor' | 'audited'>,
  account: string,
  ends: LogoutEnds,
): Promise<void> {
  const { actor: by } = context
  const deed = { action: 'account.provider_logout', by, subject: account, details: { ends } } as const
  await context.audited(deed, async () => done(await context.accounts.end(account, ends)))
}
