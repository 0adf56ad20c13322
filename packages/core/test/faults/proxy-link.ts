import { connect, type Socket } from 'node:net'

/** What happens to the bytes between a gate and its Redis. */
export type Fault =
  | { readonly kind: 'pass' }
  /** Every byte arrives this much later, in both directions. */
  | { readonly kind: 'delay'; readonly milliseconds: number }
  /** Connections are accepted and stay open, but nothing moves. What was held goes on with the next fault but this. */
  | { readonly kind: 'stall' }
  /** Answers pass until this many bytes, then the client sees a reset. */
  | { readonly kind: 'truncate'; readonly bytes: number }
  /** The first request with this text reaches Redis and is carried out; instead of its answer comes a reset. */
  | { readonly kind: 'resetAfterRequest'; readonly containing: string }

/** A connection is a watch from the moment that it subscribes. */
export type LinkKind = 'commands' | 'watch'

export interface LinkContext {
  readonly faultFor: (kind: LinkKind) => Fault
  /** A fault reset this connection. */
  readonly struck: () => void
  readonly closed: () => void
}

interface Held {
  readonly bytes: Buffer
  readonly arrivedAt: number
}

/** One connection of a client, and the one to Redis that stands behind it. */
export class Link {
  kind: LinkKind = 'commands'
  readonly #client: Socket
  readonly #upstream: Socket
  readonly #context: LinkContext
  readonly #requests: Held[] = []
  readonly #answers: Held[] = []
  #timer: NodeJS.Timeout | undefined
  #isSilent = false
  #dropsAnswer = false
  #answered = 0

  constructor(client: Socket, targetPort: number, context: LinkContext) {
    this.#client = client
    this.#context = context
    this.#upstream = connect(targetPort, '127.0.0.1')
    for (const socket of [this.#client, this.#upstream]) {
      socket.setNoDelay(true)
      socket.on('error', () => {})
      socket.on('close', () => this.#close())
    }
    this.#client.on('data', (bytes) => {
      if (bytes.includes('subscribe')) this.kind = 'watch'
      this.#requests.push({ bytes, arrivedAt: performance.now() })
      this.move()
    })
    this.#upstream.on('data', (bytes) => {
      this.#answers.push({ bytes, arrivedAt: performance.now() })
      this.move()
    })
  }

  silence(): void {
    this.#isSilent = true
  }

  reset(): void {
    this.#client.resetAndDestroy()
    this.#close()
  }

  /** Forwards whatever the fault of the moment lets through. */
  move(): void {
    const fault = this.#context.faultFor(this.kind)
    if (this.#isSilent || fault.kind === 'stall') return
    const delay = fault.kind === 'delay' ? fault.milliseconds : 0
    const now = performance.now()
    for (const { bytes } of takeDue(this.#requests, now - delay)) {
      if (fault.kind === 'resetAfterRequest' && bytes.includes(fault.containing)) this.#dropsAnswer = true
      this.#upstream.write(bytes)
    }
    for (const { bytes } of takeDue(this.#answers, now - delay)) {
      if (this.#dropsAnswer) {
        this.#strike()
        return
      }
      if (fault.kind === 'truncate' && this.#answered + bytes.length > fault.bytes) {
        this.#client.write(bytes.subarray(0, Math.max(0, fault.bytes - this.#answered)), () => this.#strike())
        return
      }
      this.#answered += bytes.length
      this.#client.write(bytes)
    }
    const next = Math.min(this.#requests[0]?.arrivedAt ?? Infinity, this.#answers[0]?.arrivedAt ?? Infinity)
    clearTimeout(this.#timer)
    if (next < Infinity) this.#timer = setTimeout(() => this.move(), Math.max(1, next + delay - now))
  }

  #strike(): void {
    this.#context.struck()
    // Redis reads what was sent before it sees the end: a reset here could undo the request.
    this.#upstream.end()
    this.#client.resetAndDestroy()
  }

  #close(): void {
    clearTimeout(this.#timer)
    this.#client.destroy()
    if (!this.#upstream.writableEnded) this.#upstream.destroy()
    this.#context.closed()
  }
}

function takeDue(held: Held[], arrivedBy: number): Held[] {
  const later = held.findIndex(({ arrivedAt }) => arrivedAt > arrivedBy)
  return held.splice(0, later === -1 ? held.length : later)
}
