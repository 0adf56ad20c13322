import type { IncomingMessage } from 'node:http'
import type {
  Admission,
  BodyWish,
  Call,
  CallBody,
  CallEnd,
  CallHead,
  HeaderEdits,
  Refusal,
  Verdict,
} from '../../admission/admission.js'
import type { GateEvent } from '../../context/event.js'
import { denial } from '../../errors/denial.js'
import { FORWARDING_PROBLEMS } from '../../errors/malfunctions.js'
import { type Problem, problemOfDenial } from '../../errors/problem.js'
import type { Framing } from '../../request/head.js'
import { editHeaders } from '../header-fields.js'
import type { Upstream } from '../upstream.js'
import type { EditAnswer } from './edit-answer.js'
import { HeldBody, type HeldBytes } from './held-body.js'
import { Observers } from './observers.js'
import { bodyWanted, requireWish } from './wanted-body.js'

/** An admission with its upstreams, read and checked. */
export interface ReadyAdmission {
  readonly admission: Admission
  readonly upstreams: ReadonlyMap<string, Upstream>
}

export interface DecideParts {
  readonly admissions: readonly ReadyAdmission[]
  /** What credentials the gate takes come in, which no admission sees. */
  readonly credentialHeaders: readonly string[]
  readonly timeoutMs: number
  readonly heldBytes: HeldBytes
  /** How long a client may pause while its body is waited for. */
  readonly pauseMs: number
  readonly report: (event: GateEvent) => void
}

/** Why there is nothing to decide any more: the client has left, or is to be answered this. */
export type Stop = 'client_gone' | Problem

/** What admissions made of a call. */
export interface Granted {
  readonly requestHeaders: readonly HeaderEdits[]
  readonly upstream: Upstream | undefined
  /** When something was read of it. */
  readonly body: HeldBody | undefined
  readonly editAnswer: readonly EditAnswer[]
  readonly observers: Observers
  /** Forgets what is held of the body, and tells who watches, where nothing has done that. */
  abandon(): void
}

/** Asks every admission about one call, in their order, until one refuses or `stop` is aborted with a `Stop`. */
export async function decide(
  parts: DecideParts,
  head: CallHead,
  req: IncomingMessage,
  framing: Framing,
  stop: AbortSignal,
): Promise<Granted | Stop> {
  const call = new Deciding(parts, head, req, framing, stop)
  const stopped = await call.run()
  if (stopped === undefined) return call.granted
  call.end(stopped)
  return stopped
}

class Stopped {
  readonly stop: Stop

  constructor(stop: Stop) {
    this.stop = stop
  }
}

class Deciding {
  readonly #parts: DecideParts
  readonly #head: CallHead
  readonly #req: IncomingMessage
  readonly #framing: Framing
  readonly #stop: AbortSignal
  readonly #stopped: Promise<Stop>
  readonly #observers: Observers
  readonly #requestHeaders: HeaderEdits[] = []
  readonly #editAnswer: EditAnswer[] = []
  readonly #wishes = new Map<ReadyAdmission, BodyWish>()
  #upstream: Upstream | undefined
  #body: HeldBody | CallBody | undefined

  constructor(parts: DecideParts, head: CallHead, req: IncomingMessage, framing: Framing, stop: AbortSignal) {
    this.#parts = parts
    this.#head = head
    this.#req = req
    this.#framing = framing
    this.#stop = stop
    this.#observers = new Observers(parts.report)
    this.#stopped = new Promise((resolve) => {
      if (stop.aborted) resolve(stop.reason as Stop)
      stop.addEventListener('abort', () => resolve(stop.reason as Stop), { once: true })
    })
  }

  get granted(): Granted {
    return {
      requestHeaders: this.#requestHeaders,
      upstream: this.#upstream,
      body: this.#body instanceof HeldBody ? this.#body : undefined,
      editAnswer: this.#editAnswer,
      observers: this.#observers,
      abandon: () => this.#letGo('cut'),
    }
  }

  /** It ends before it began. */
  end(stop: Stop): void {
    this.#letGo(stop === 'client_gone' ? 'client_gone' : 'cut')
  }

  #letGo(end: CallEnd): void {
    if (this.#body instanceof HeldBody) this.#body.destroy()
    this.#observers.end(end, false)
  }

  async run(): Promise<Stop | undefined> {
    for (const ready of this.#parts.admissions) {
      const stop = this.#noteWish(ready)
      if (stop) return stop
    }
    for (const ready of this.#parts.admissions) {
      const stop = (await this.#readBodyFor(ready)) ?? (await this.#ask(ready))
      if (stop) return stop
    }
    return this.#stop.aborted ? (this.#stop.reason as Stop) : undefined
  }

  #noteWish(ready: ReadyAdmission): Stop | undefined {
    try {
      const wish = ready.admission.readBody?.(this.#head)
      if (wish === undefined) return undefined
      requireWish(wish)
      this.#wishes.set(ready, wish)
      return undefined
    } catch (cause) {
      return this.#failed(ready, cause)
    }
  }

  async #readBodyFor(ready: ReadyAdmission): Promise<Stop | undefined> {
    if (this.#body !== undefined || !this.#wishes.has(ready)) return undefined
    const { heldBytes, pauseMs, report } = this.#parts
    this.#body = bodyWanted(this.#req, this.#framing, [...this.#wishes.values()], heldBytes, pauseMs)
    if (!(this.#body instanceof HeldBody)) return undefined
    const wait = await Promise.race([this.#body.wait(), this.#stopped])
    if (wait === 'ready') return undefined
    if (wait === 'too_slow') return { ...problemOfDenial(denial('body_too_slow')), endsConnection: true }
    if (wait !== 'no_room') return wait
    report({
      level: 'warn',
      code: 'admission_full',
      detail: 'Too many bodies wait for a verdict',
      options: ['heldBodiesAtMostBytes'],
    })
    return FORWARDING_PROBLEMS.admission_unavailable
  }

  async #ask(ready: ReadyAdmission): Promise<Stop | undefined> {
    if (this.#stop.aborted) return this.#stop.reason as Stop
    try {
      const given = new AbortController()
      const call: Call = { ...this.#head, body: this.#bodyFor(ready), signal: given.signal }
      const answer = ready.admission.admit(call)
      const verdict = answer instanceof Promise ? await this.#await(ready, answer, given) : answer
      if (verdict instanceof Stopped) return verdict.stop
      return this.#follow(ready, verdict)
    } catch (cause) {
      return this.#failed(ready, cause)
    }
  }

  /** The verdict, if it comes in time. Who watches by one that comes later is told that it is over. */
  async #await(
    { admission }: ReadyAdmission,
    answer: Promise<Verdict | undefined>,
    given: AbortController,
  ): Promise<Verdict | undefined | Stopped> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error('It did not answer in time')), this.#parts.timeoutMs)
    })
    let isTaken = false
    try {
      const first = await Promise.race([answer, late, this.#stopped.then((stop) => new Stopped(stop))])
      isTaken = !(first instanceof Stopped)
      return first
    } finally {
      clearTimeout(timer)
      given.abort()
      if (!isTaken)
        answer.then(
          (verdict) => this.#comesLate(admission, verdict),
          () => {},
        )
    }
  }

  #comesLate({ name }: Admission, verdict: Verdict | undefined): void {
    if (verdict?.refuse === undefined && verdict?.observer) this.#observers.add(name, verdict.observer)
  }

  #follow(ready: ReadyAdmission, verdict: Verdict | undefined): Stop | undefined {
    if (verdict === undefined) return undefined
    if (typeof verdict !== 'object' || verdict === null) throw new TypeError('The verdict is no object')
    if (verdict.refuse) return problemOfRefusal(verdict.refuse)
    const { observer, requestHeaders, bodyMembers, upstream, editAnswer } = verdict
    if (observer) this.#observers.add(ready.admission.name, observer)
    if (requestHeaders) {
      editHeaders([], requestHeaders)
      this.#requestHeaders.push(requestHeaders)
    }
    if (bodyMembers) this.#setMembers(this.#wishes.get(ready), bodyMembers)
    if (upstream !== undefined) {
      this.#upstream = ready.upstreams.get(upstream)
      if (!this.#upstream) throw new TypeError(`There is no upstream ${JSON.stringify(upstream)}`)
    }
    if (editAnswer) this.#editAnswer.push(editAnswer)
    return undefined
  }

  #setMembers(wish: BodyWish | undefined, members: Readonly<Record<string, unknown>>): void {
    const body = this.#body
    const names = Object.keys(members)
    if (
      !(body instanceof HeldBody) ||
      !body.takes(names) ||
      !names.every((name) => wish?.members.includes(name))
    )
      throw new TypeError('The verdict sets a member that was not asked for, or of a body that was not read')
    for (const [name, value] of Object.entries(members)) {
      if (JSON.stringify(value) === undefined)
        throw new TypeError(`The member ${name} is set to what is no JSON`)
      body.set(name, value)
    }
  }

  #bodyFor(ready: ReadyAdmission): CallBody {
    const wish = this.#wishes.get(ready)
    if (!wish || !this.#body) return { state: 'unasked' }
    return this.#body instanceof HeldBody ? this.#body.tell(wish.members) : this.#body
  }

  #failed({ admission }: ReadyAdmission, cause: unknown): Problem {
    this.#parts.report({
      level: 'error',
      code: 'admission_failed',
      detail: `The admission ${admission.name} gave no verdict`,
      cause,
    })
    return FORWARDING_PROBLEMS.admission_unavailable
  }
}

/** Throws for what cannot be answered. */
function problemOfRefusal(refusal: Refusal): Problem {
  const { status, code, title = 'Refused', detail, retryAfterSeconds, headers = {} } = refusal
  const isSound =
    Number.isInteger(status) &&
    status >= 400 &&
    status <= 599 &&
    [code, title, detail].every((part) => typeof part === 'string') &&
    (retryAfterSeconds === undefined || (Number.isInteger(retryAfterSeconds) && retryAfterSeconds >= 0))
  if (!isSound) throw new TypeError('The refusal is none that can be answered')
  editHeaders([], headers)
  return {
    status,
    code,
    title,
    detail,
    headers,
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
  }
}
