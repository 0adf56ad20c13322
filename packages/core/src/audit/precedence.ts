import type { AuditAction, PluginAction } from './entry.js'

/** In the order in which they are committed. */
export const LANES: readonly Lane[] = ['essential', 'administrative', 'ordinary']

/**
 * `essential` are bans and revocations; `administrative` is what else administrators and the directory do, such as to lift
 * a ban; `ordinary` is what people and programs do for themselves. A store that is full has to take the first two.
 */
export type Lane = 'essential' | 'administrative' | 'ordinary'

const LANE_OF: Readonly<Record<AuditAction, Lane>> = {
  'account.ban': 'essential',
  'account.force_logout': 'essential',
  'account.sign_out_everywhere': 'essential',
  'account.deactivate': 'essential',
  'session.end': 'essential',
  'token.revoke': 'essential',
  'token.revoke_all': 'essential',
  'refresh.reuse': 'essential',
  'authorization_code.reuse': 'essential',
  'refresh.revoke': 'essential',
  // It makes room, which a full store needs.
  'audit.prune': 'essential',
  'account.unban': 'administrative',
  'account.activate': 'administrative',
  'store.accept_loss': 'administrative',
  'admin.read': 'ordinary',
  'admin.refused': 'ordinary',
  'session.start': 'ordinary',
  'session.refused': 'ordinary',
  'token.issue': 'ordinary',
  'refresh.start': 'ordinary',
  'device.approve': 'ordinary',
  'device.deny': 'ordinary',
}

/** Every action of core's own. */
export const AUDIT_ACTIONS = Object.keys(LANE_OF) as readonly AuditAction[]

/** Throws a `TypeError` for an action that neither core nor a plugin has declared: nothing of it would be true for ever. */
export function laneOf(
  action: AuditAction | PluginAction,
  declared: Readonly<Record<string, Lane>> = {},
): Lane {
  const known: Readonly<Record<string, Lane>> = Object.hasOwn(LANE_OF, action) ? LANE_OF : declared
  const lane = Object.hasOwn(known, action) ? known[action] : undefined
  if (lane === undefined) throw new TypeError(`not an action of the audit log: ${action}`)
  return lane
}
