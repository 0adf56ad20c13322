import {
  allowInsecureRequests,
  JSON_ATTRIBUTE_COMPARISON,
  None,
  OperationProcessingError,
  PARSE_ERROR,
  ResponseBodyError,
  UnsupportedOperationError,
  WWWAuthenticateChallengeError,
} from 'oauth4webapi'
import { Failure, OutOfReach, quoteUntrusted, Refused } from '../failure.js'

/** The client that every gate knows; public, so its authentication is its name. */
export const CLIENT = { client_id: 'portcullis-cli' }
export const CLIENT_AUTH = None()

const DEADLINE_SECONDS = 15

/** Every request has a deadline. What may be plain http is decided by `readGateUrl` and `discover`. */
export function requestOptions() {
  return { signal: AbortSignal.timeout(DEADLINE_SECONDS * 1000), [allowInsecureRequests]: true }
}

/** Asks a gate. Throws `Refused` when it says no, `OutOfReach` when asking again may help, otherwise `Failure`. */
export async function ask<T>(gate: string, question: () => Promise<T>): Promise<T> {
  try {
    return await question()
  } catch (error) {
    throw explain(gate, error)
  }
}

function explain(gate: string, error: unknown): unknown {
  if (error instanceof ResponseBodyError && error.status !== 429)
    return new Refused(
      error.error,
      `${gate} refuses: ${quoteUntrusted(error.error_description ?? error.error)}`,
    )
  const response = responseOf(error)
  if (response) return explainStatus(gate, response.status)
  if (error instanceof OperationProcessingError && error.code === JSON_ATTRIBUTE_COMPARISON)
    return explainIssuer(gate, error.cause)
  if (error instanceof OperationProcessingError && error.code === PARSE_ERROR && isBrokenOff(error.cause))
    return explain(gate, error.cause)
  if (error instanceof OperationProcessingError || error instanceof UnsupportedOperationError)
    return new Failure(`${gate} does not answer as a Portcullis gate does`)
  if (error instanceof DOMException && error.name === 'TimeoutError')
    return new OutOfReach(`${gate} did not answer within ${DEADLINE_SECONDS} s`)
  if (error instanceof TypeError) return new OutOfReach(`${gate} is out of reach${reasonOf(error.cause)}`)
  return error
}

/** For an answer of an unexpected status. */
export function explainStatus(gate: string, status: number): Failure {
  return status === 429 || status >= 500
    ? new OutOfReach(`${gate} answered ${status}; try again later`)
    : new Failure(`${gate} answered ${status}, as no Portcullis gate does; is that its URL?`)
}

function responseOf(error: unknown): Response | undefined {
  if (error instanceof ResponseBodyError || error instanceof WWWAuthenticateChallengeError)
    return error.response
  return error instanceof OperationProcessingError && error.cause instanceof Response
    ? error.cause
    : undefined
}

/** RFC 8414 §3.3: tokens of an issuer that goes by another name are not for this gate. */
function explainIssuer(gate: string, cause: unknown): Failure {
  const issuer = (cause as { body?: { issuer?: unknown } } | undefined)?.body?.issuer
  return new Failure(`${gate} calls itself ${quoteUntrusted(String(issuer))}; log in there`)
}

function isBrokenOff(cause: unknown): boolean {
  return cause instanceof DOMException || cause instanceof TypeError
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error && 'code' in cause ? ` (${quoteUntrusted(String(cause.code))})` : ''
}
