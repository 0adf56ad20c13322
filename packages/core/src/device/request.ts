import { type Approval, isApproval } from '../oauth/approval.js'
import type { OAuthServer } from '../oauth/server.js'
import type { PluginContext } from '../plugin/context.js'
import type { PluginRecords } from '../plugin/records.js'
import { collection, instant, optional, text, texts } from '../store/collection.js'
import type { Millis } from '../store/store.js'

/** All device requests are in one place: they live ten minutes, and nobody knows whose they will be. */
export const DEVICE = 'device'

/** What the device flow works with. */
export interface DeviceContext extends PluginContext {
  readonly server: Pick<OAuthServer, 'approve' | 'redeem'>
}

export function requestsOf(context: Pick<PluginContext, 'records'>): PluginRecords {
  return context.records({ place: DEVICE })
}

export const DEVICE_LIFETIME_SECONDS = 600
export const FIRST_INTERVAL_SECONDS = 5
/** For so long what was decided is kept beyond its life, and a program hears that it came too late for the rest. */
export const REMEMBERED_SECONDS = 300

/** A program that waits for somebody to let it in. */
export interface DeviceRequest {
  readonly userCode: string
  readonly clientId: string
  readonly scopes: readonly string[]
  readonly createdAt: Millis
  /** From then on nobody can approve it. */
  readonly endsAt: Millis
  /** How long the program has to wait between two questions; longer each time that it does not. */
  readonly intervalSeconds: number
  readonly askedAt?: Millis
  /** The counters of open requests that it is in; absent once it was decided. */
  readonly countedBy?: readonly string[]
  readonly decision?: 'approved' | 'denied'
  /** Present once it was approved; `scopes` are then what is handed on. */
  readonly approval?: Approval
}

/** By the hash of the device code. */
export const deviceRequests = collection<DeviceRequest>(
  'requests',
  {
    userCode: text,
    clientId: text,
    scopes: texts,
    createdAt: instant,
    endsAt: instant,
    intervalSeconds: instant,
    askedAt: optional(instant),
    countedBy: optional(texts),
    decision: optional((value) => value === 'approved' || value === 'denied'),
    approval: optional(isApproval),
  },
  'device request',
)

/** The hash of the device code, by the user code of the same request. */
export const userCodes = collection<string>('codes', text, 'user code')

export interface FoundRequest {
  readonly id: string
  readonly version: string
  readonly expiresAt: Millis
  readonly request: DeviceRequest
}

/** The open request that a user code names. */
export async function findByUserCode(
  context: DeviceContext,
  userCode: string,
): Promise<FoundRequest | undefined> {
  const [way] = await requestsOf(context).read([userCodes.key(userCode)])
  const found = way && (await findRequest(context, userCodes.read(way)))
  return found && found.request.endsAt > context.clock() ? found : undefined
}

export async function findRequest(context: DeviceContext, id: string): Promise<FoundRequest | undefined> {
  const [stored] = await requestsOf(context).read([deviceRequests.key(id)])
  if (!stored?.expiresAt) return undefined
  return { id, version: stored.version, expiresAt: stored.expiresAt, request: deviceRequests.read(stored) }
}
