import { PortcullisError, StoreFullError } from '../errors/portcullis-error.js'

/** Whether a script refused to answer from a slot that does not go on from what was known of it. */
export function isOtherHistory(cause: unknown): boolean {
  return cause instanceof Error && cause.message.startsWith('EPOCH ')
}

/** Tells a full Redis, and one that went on with another history again and again, from other failures. */
export function explain(cause: unknown): unknown {
  if (isOtherHistory(cause))
    return new PortcullisError('store_unavailable', 'Redis changes its history all the time', { cause })
  if (cause instanceof Error && cause.message.startsWith('OOM '))
    return new StoreFullError('Redis has reached its maxmemory and takes no ordinary records', { cause })
  return cause
}
