import type { AuditAction } from './entry.js'

/** In the order in which they are committed. */
export const LANES = ['essential', 'administrative', 'ordinary'] as const

/**
 * `essential` are bans and revocations; `administrative` is what else administrators and the directory do, such as to lift
 * a ban; `ordinary` is what people and programs do for themselves. A store that is full has to take the first two.
 */
export type Lane = (typeof LANES)[number]

const LANE_OF: Readonly<Record<AuditAction, Lane>> = {
  'account.ban': 'essential',
  'account.force_logout': 'essential',
  'account.sign_out_everywhere': 'essential',
  'account.deactivate': 'essential',
  'account.provider_logout': 'essential',
  'session.end': 'essential',
  'token.revoke': 'essential',
  'token.revoke_all': 'essential',
  'api_key.revoke': 'essential',
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
  'api_key.create': 'ordinary',
  'refresh.start': 'ordinary',
  'device.approve': 'ordinary',
  'device.deny': 'ordinary',
}

export function laneOf(action: AuditAction): Lane {
  return LANE_OF[action]
}
