import type { AuditAction, PluginAction } from '../audit/entry.js'
import type { Actor } from '../authorization/actor.js'
import { type Denial, denial } from '../errors/denial.js'
import type { Outcome } from '../errors/outcome.js'
import type { Once } from '../idempotency/once.js'
import type { Check, JsonValue, Write } from '../store/store.js'

/** A request that creates something and may be sent twice, as it is told from others. */
export interface RequestToDoOnce {
  /** For whom it is created. */
  readonly account: string
  /** Who asks. Nobody is answered what another has created, whatever key they send. */
  readonly by: Actor
  /** 1 to 255 printable ASCII characters, as `RouteCall.idempotencyKey` has it. */
  readonly idempotencyKey: string
  /** One of the plugin's `auditActions`: what is done once. */
  readonly action: AuditAction | PluginAction
  /** All that was asked for: another wish with the same key is refused. */
  readonly wish: readonly JsonValue[]
}

/** How a request creates something once: give it as `once` to the commit that creates it. Good for one commit. */
export interface OnceOfPlugin {
  /** For the id of what is created: 128 bits, base64url, the same for all that ask at once. */
  readonly createdId: string
  /**
   * What the same request has created, for 24 hours; undefined when it has not yet. Refused with `idempotency_key_reused`
   * when another request has used the key, and with `idempotent_result_gone` when no secret opens what is kept.
   */
  find(): Promise<Outcome<JsonValue> | undefined>
}

interface BoundOnce {
  readonly once: Once
  readonly partition: string
}

const bound = new WeakMap<OnceOfPlugin, BoundOnce>()

/** `partition`: that of the account for which the request creates something. */
export function onceOfPlugin(once: Once, partition: string): OnceOfPlugin {
  const { createdId, find } = once
  const ofPlugin = Object.freeze({ createdId, find })
  bound.set(ofPlugin, { once, partition })
  return ofPlugin
}

/** What it adds to a commit in this partition. */
export function conditionsOf(
  partition: string,
  kept: { readonly of: OnceOfPlugin; readonly created: JsonValue } | undefined,
): { readonly checks: readonly Check[]; readonly writes: readonly Write[]; readonly beyond: Denial } {
  if (!kept) return { checks: [], writes: [], beyond: denial('rate_limited') }
  const known = bound.get(kept.of)
  if (known?.partition !== partition)
    throw new TypeError('once: give what context.once has answered for this account')
  const { once } = known
  return { checks: [once.check], writes: once.writes(kept.created), beyond: once.beyond }
}
