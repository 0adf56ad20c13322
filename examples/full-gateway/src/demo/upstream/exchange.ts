import type { IncomingHttpHeaders } from 'node:http'

/** One request, as the APIs see it. */
export interface Exchange {
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
  /** The parsed JSON body. Rejects with `ApiFailure`. */
  readonly body: () => Promise<unknown>
  /** The time that a model takes for its next few tokens. Rejects when the client has gone away. */
  readonly think: (slowness?: number) => Promise<void>
}

export type Reply =
  | { readonly kind: 'json'; readonly body: object }
  /** Frames of a `text/event-stream`, sent as they come. */
  | { readonly kind: 'events'; readonly frames: AsyncIterable<string> }

/** Thrown where the connection is to break, without a word to the client. */
export class BrokenConnection extends Error {
  override readonly name = 'BrokenConnection'
}

/** One event (HTML Living Standard §9.2.6). JSON has no bare line breaks, so one `data` line holds it. */
export function eventFrame(data: object | '[DONE]', event?: string): string {
  const text = typeof data === 'string' ? data : JSON.stringify(data)
  return `${event === undefined ? '' : `event: ${event}\n`}data: ${text}\n\n`
}
