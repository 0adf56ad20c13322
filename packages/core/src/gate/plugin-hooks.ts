import { PortcullisError } from '../errors/portcullis-error.js'
import type { LoginHooks, LoginRefusal, TokenGrants } from '../plugin/hooks.js'
import type { RunningPlugin } from '../plugin/plugin.js'
import { within } from './isolate-hooks.js'

const HOOK_DEADLINE_MS = 10_000
const END_ALL_DEADLINE_MS = 60_000

/** The hooks of all plugins as one, in the order of their list; the first refusal counts. */
export function loginHooksOf(
  running: readonly RunningPlugin[],
  deadlineMs = HOOK_DEADLINE_MS,
): Required<LoginHooks> {
  const hooks = running.flatMap(({ plugin: { name }, started: { logins } }) =>
    logins ? [{ name, logins }] : [],
  )
  const refusalBy = async (
    hook: 'beforeLogin' | 'afterLogin',
    ask: (logins: LoginHooks) => Promise<LoginRefusal | undefined> | undefined,
  ) => {
    for (const { name, logins } of hooks) {
      const refusal = await bounded(`${name}: ${hook}`, deadlineMs, async () => ask(logins))
      if (refusal !== undefined) return refusal
    }
    return undefined
  }
  return {
    beforeLogin: (login) => refusalBy('beforeLogin', (logins) => logins.beforeLogin?.(login)),
    afterLogin: (login) => refusalBy('afterLogin', (logins) => logins.afterLogin?.(login)),
    async knowsAccount(account) {
      for (const { name, logins } of hooks) {
        const known = bounded(`${name}: knowsAccount`, deadlineMs, async () => logins.knowsAccount?.(account))
        if ((await known) === true) return true
      }
      return false
    },
  }
}

/** The grants of all plugins as one. */
export function grantsOf(running: readonly RunningPlugin[], deadlineMs = HOOK_DEADLINE_MS): TokenGrants {
  const all = running.flatMap(({ plugin: { name }, started: { grants } }) =>
    grants ? [{ name, grants }] : [],
  )
  return {
    async wasEnded(grant) {
      for (const { name, grants } of all) {
        const ended = bounded(`${name}: wasEnded`, deadlineMs, async () => grants.wasEnded(grant))
        if ((await ended) === true) return true
      }
      return false
    },
    async endAll(account) {
      for (const { name, grants } of all)
        await bounded(`${name}: endAll`, END_ALL_DEADLINE_MS, async () => grants.endAll(account))
    },
  }
}

/** What a plugin throws must not look like an answer, nor hold anybody for ever. */
async function bounded<T>(hook: string, deadlineMs: number, ask: () => Promise<T>): Promise<T> {
  const late = () => new PortcullisError('plugin_unavailable', `${hook} took more than ${deadlineMs} ms`)
  try {
    return await within(deadlineMs, ask, late)
  } catch (cause) {
    if (cause instanceof PortcullisError) throw cause
    throw new PortcullisError('plugin_unavailable', `${hook} failed`, { cause })
  }
}
