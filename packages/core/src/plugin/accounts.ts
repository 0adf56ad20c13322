import type { Outcome } from '../errors/outcome.js'
import type { SessionInfo } from '../gate/operations.js'

/**
 * What a plugin does to whole accounts of its own accord, under the name that it `actsAs`: for what a directory or an
 * identity provider says. What an actor asks for goes by `operations`, which ask whether they may.
 */
export interface PluginAccounts {
  /**
   * Takes an account out of service until `activate`: from one commit on everything of it is dead for good, and it can
   * neither log in nor be issued anything. A ban stays beside it. Audited as `account.deactivate`, unless it is out of
   * service already. Refused with `last_super_admin`.
   */
  deactivate(account: string): Promise<Outcome<void>>
  /**
   * Puts an account back into service. What its deactivation ended stays ended, and a ban goes on. Audited as
   * `account.activate`, unless it is in service.
   */
  activate(account: string): Promise<Outcome<void>>
  /**
   * Ends every session and every grant, and unless `ends` is `sessions` all tokens and API keys of an account; it may log in
   * again at once. Everything but grants ends in one commit. Not audited: do it within `audited`.
   */
  end(account: string, ends: 'everything' | 'sessions'): Promise<void>
  /** A session that lives, by its handle. Rejects with `store_unavailable` for one that cannot be read. */
  session(handle: string): Promise<SessionInfo | undefined>
}
