import { appendAudit } from '../audit/append.js'
import { type Actor, auditedAs } from '../authorization/actor.js'
import type { GateContext } from '../context/context.js'
import type { Route } from './route.js'

const WINDOW_MS = 60_000
/** Different calls of one minute at most; the log hook hears of the rest. */
const CALLS = 10_000

/** Records that somebody who is known has called a route of administration. Never rejects, and holds up no answer. */
export type AuditAdminCall = (route: Route, actor: Actor, response: Response) => Promise<void>

/**
 * Audits reads of administrators and calls that were refused, once a minute for each account, route and result: a plain
 * user who calls them a million times leaves one entry a minute. What changes something is audited where it is done.
 */
export function auditAdminCalls(context: GateContext): AuditAdminCall {
  let window = 0
  const recorded = new Set<string>()

  return async (route, actor, response) => {
    if (route.access !== 'admin' && route.access !== 'super_admin') return
    const isRefused = response.status >= 400
    if (!isRefused && route.method !== 'GET') return
    const now = Math.floor(context.clock() / WINDOW_MS)
    if (now !== window) recorded.clear()
    window = now
    const call = `${route.method} ${route.path}`
    const key = [actor.account, call, response.status].join(' ')
    if (recorded.has(key)) return
    if (recorded.size >= CALLS) {
      const detail = 'More accounts call routes of administration than are recorded in a minute'
      context.strangers.report({ level: 'warn', code: 'admin_calls_unrecorded', detail })
      return
    }
    recorded.add(key)
    try {
      await appendAudit(context, {
        ...auditedAs(actor),
        action: isRefused ? 'admin.refused' : 'admin.read',
        subject: call,
        details: {
          method: route.method,
          path: route.path,
          status: response.status,
          ...(isRefused && { code: await codeOf(response) }),
        },
      })
    } catch (cause) {
      recorded.delete(key)
      const detail = `${call} of an administrator, or of somebody who is none, was not recorded`
      context.strangers.report({ level: 'error', code: 'audit_failed', detail, cause })
    }
  }
}

async function codeOf(response: Response): Promise<string> {
  if (response.headers.get('content-type') !== 'application/problem+json') return ''
  const { code } = (await response.clone().json()) as { code?: string }
  return code ?? ''
}
