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

/** Redis quotes what a command that it does not know was called with. */
const QUOTED_ARGUMENTS = /,? with args beginning with:[^\n]*/g

interface FailedCommand extends Error {
  command?: unknown
  lastNodeError?: unknown
}

/**
 * An error of ioredis without the arguments of the command that failed, which are records: e-mail addresses, hashes of
 * credentials, codes. Name, code and reason stay. Changes the error itself and what caused it, since whoever logs one logs both.
 */
export function withoutArguments(cause: unknown): unknown {
  const errors = [cause]
  for (let at = 0; at < errors.length && at < 10; at++) {
    const error = errors[at]
    if (!(error instanceof Error)) continue
    const failed: FailedCommand = error
    delete failed.command
    failed.message = failed.message.replace(QUOTED_ARGUMENTS, '')
    if (failed.stack !== undefined) failed.stack = failed.stack.replace(QUOTED_ARGUMENTS, '')
    errors.push(failed.cause, failed.lastNodeError)
  }
  return cause
}
