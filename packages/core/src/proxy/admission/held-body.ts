import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import type { CallBody, UnreadReason } from '../../admission/admission.js'
import { MemberEditor } from './edit-members.js'
import { JsonMembers } from './json-members.js'

/** Of all bodies that wait for a verdict together. */
export class HeldBytes {
  #left: number

  constructor(atMost: number) {
    this.#left = atMost
  }

  take(bytes: number): boolean {
    if (bytes > this.#left) return false
    this.#left -= bytes
    return true
  }

  giveBack(bytes: number): void {
    this.#left += bytes
  }
}

export interface HeldBodyParts {
  readonly req: IncomingMessage
  readonly members: readonly string[]
  readonly memberBytesAtMost: number
  readonly holdBytesAtMost: number
  readonly heldBytes: HeldBytes
  /** How long a client may pause while the body is waited for. */
  readonly pauseMs: number
}

/** How waiting for what is wanted of a body ended. */
export type Wait = 'ready' | 'too_slow' | 'no_room'

/**
 * A request body of which something is read before it goes on: held while `wait` runs, then, as a stream, the held bytes
 * and the rest as it comes.
 */
export class HeldBody extends Readable {
  readonly #parts: HeldBodyParts
  readonly #members: JsonMembers
  readonly #edits = new Map<string, unknown>()
  #editor: MemberEditor | undefined
  #chunks: Buffer[] = []
  /** Taken of `heldBytes`. */
  #held = 0
  #stage: 'new' | 'waiting' | 'waited' | 'flowing' | 'released' = 'new'
  #isComplete = false
  #contradict: (() => void) | undefined
  #stopWaiting: (wait: Wait) => void = () => {}
  #timer: NodeJS.Timeout | undefined

  constructor(parts: HeldBodyParts) {
    super()
    this.#parts = parts
    this.#members = new JsonMembers(parts.members, parts.memberBytesAtMost)
  }

  /** Reads until what is wanted is known, or as much is held as may be. Resolves, too, when the client leaves. */
  wait(): Promise<Wait> {
    const { req, pauseMs } = this.#parts
    this.#stage = 'waiting'
    return new Promise((resolve) => {
      this.#timer = setTimeout(() => this.#stopWaiting('too_slow'), pauseMs)
      this.#stopWaiting = (wait) => {
        if (this.#stage !== 'waiting') return
        this.#stage = 'waited'
        clearTimeout(this.#timer)
        req.pause()
        resolve(wait)
      }
      req.on('data', this.#onData).on('end', this.#onEnd).on('close', this.#onClose)
    })
  }

  /** What an admission that asked for these members is told. */
  tell(names: readonly string[]): CallBody {
    const { failure } = this.#members
    if (failure) return { state: 'unread', reason: failure satisfies UnreadReason }
    const members: Record<string, unknown> = Object.create(null)
    for (const name of names) {
      if (this.#edits.has(name)) members[name] = this.#edits.get(name)
      else if (this.#members.values.has(name)) members[name] = this.#members.values.get(name)
    }
    return { state: 'read', members, isComplete: this.#isComplete, bytes: this.#members.length }
  }

  /** Whether these members can be set. */
  takes(names: readonly string[]): boolean {
    return !this.#members.failure && names.every((name) => this.#parts.members.includes(name))
  }

  set(name: string, value: unknown): void {
    this.#edits.set(name, value)
  }

  /**
   * Lets it go on. The answer is its new length, or `chunked` when that is not known yet; undefined when nothing was
   * changed. `contradict` is called when the rest makes untrue what was told of it; nothing of that goes on.
   */
  release(contradict: () => void): { readonly length: string } | 'chunked' | undefined {
    this.#stage = 'flowing'
    if (!this.#members.failure) this.#contradict = contradict
    if (this.#edits.size === 0) return undefined
    this.#editor = new MemberEditor(this.#members, this.#edits)
    const editor = this.#editor
    this.#chunks = this.#chunks.flatMap((chunk) => editor.edit(chunk))
    if (!this.#isComplete) return 'chunked'
    return { length: String(this.#chunks.reduce((sum, { length }) => sum + length, 0)) }
  }

  override _read(): void {
    for (let chunk = this.#chunks.shift(); chunk; chunk = this.#chunks.shift()) if (!this.push(chunk)) return
    this.#giveBack()
    if (this.#isComplete) this.push(null)
    else if (this.#stage === 'flowing') this.#parts.req.resume()
  }

  override _destroy(cause: Error | null, done: (cause: Error | null) => void): void {
    this.#stopWaiting('ready')
    this.#stage = 'released'
    this.#contradict = undefined
    this.#chunks = []
    this.#giveBack()
    this.#parts.req.off('data', this.#onData).off('end', this.#onEnd).off('close', this.#onClose)
    done(cause)
  }

  readonly #onData = (chunk: Buffer): void => {
    if (this.#stage === 'flowing') this.#pass(chunk)
    else this.#hold(chunk)
  }

  readonly #onEnd = (): void => {
    this.#members.end()
    this.#isComplete = true
    this.#stopWaiting('ready')
    if (this.#stage !== 'flowing') return
    if (this.#isContradicted()) return
    if (this.#chunks.length === 0) this.push(null)
  }

  readonly #onClose = (): void => this.#stopWaiting('ready')

  #hold(chunk: Buffer): void {
    if (!this.#parts.heldBytes.take(chunk.length)) {
      this.#stopWaiting('no_room')
      return
    }
    this.#held += chunk.length
    this.#chunks.push(chunk)
    this.#members.scan(chunk)
    this.#timer?.refresh()
    const { failure, hasAll, closesAt } = this.#members
    // Once the object is closed, the end of the body is next, and tells its length.
    const isEnough = failure !== undefined || (hasAll && closesAt === undefined)
    if (isEnough || this.#held >= this.#parts.holdBytesAtMost) this.#stopWaiting('ready')
  }

  #pass(chunk: Buffer): void {
    this.#members.scan(chunk)
    if (this.#isContradicted()) return
    const pieces = this.#editor ? this.#editor.edit(chunk) : [chunk]
    for (const piece of pieces) if (!this.push(piece)) this.#parts.req.pause()
  }

  #isContradicted(): boolean {
    if (!this.#contradict || !this.#members.failure) return false
    this.#contradict()
    return true
  }

  #giveBack(): void {
    this.#parts.heldBytes.giveBack(this.#held)
    this.#held = 0
  }
}
