import { performance } from 'node:perf_hooks'
import type { AnswerHead, CallEnd, Observer } from '../../admission/admission.js'
import type { GateEvent } from '../../context/event.js'

/** A call of an observer that takes longer is slow. */
const SLOW_MS = 50
/** One that the machine was busy with something else, or collected garbage, is not the observer's fault. */
const SLOW_CALLS_AT_MOST = 2

interface Watching {
  readonly name: string
  readonly observer: Observer
  slowCalls: number
  isDropped: boolean
}

/** Those who watch one call. None of them can throw into it, and each is told one end. */
export class Observers {
  readonly #report: (event: GateEvent) => void
  readonly #watching: Watching[] = []
  readonly #toTell: ((watching: Watching) => unknown)[] = []
  #end: { readonly end: CallEnd; readonly wasSent: boolean } | undefined

  constructor(report: (event: GateEvent) => void) {
    this.#report = report
  }

  get isEmpty(): boolean {
    return this.#watching.length === 0
  }

  /** One that comes after the end is told it at once. */
  add(name: string, observer: Observer): void {
    const watching = { name, observer, slowCalls: 0, isDropped: false }
    this.#watching.push(watching)
    if (this.#end) this.#tellEnd(watching, this.#end.end, this.#end.wasSent)
  }

  head(head: AnswerHead): void {
    this.#tellSoon((watching) => watching.observer.head?.(head))
  }

  chunk(chunk: Buffer): void {
    this.#tellSoon((watching) => watching.observer.chunk?.(chunk))
  }

  /** The first end counts. */
  end(end: CallEnd, wasSent: boolean): void {
    if (this.#end) return
    this.#tellAll()
    this.#end = { end, wasSent }
    for (const watching of this.#watching) this.#tellEnd(watching, end, wasSent)
  }

  /** Once whatever came with it, for any client, is on its way: Node hands bytes to the system at the end of a turn. */
  #tellSoon(call: (watching: Watching) => unknown): void {
    if (this.#end) return
    this.#toTell.push(call)
    if (this.#toTell.length === 1) setImmediate(() => this.#tellAll())
  }

  #tellAll(): void {
    for (const call of this.#toTell.splice(0))
      for (const watching of this.#watching) this.#tell(watching, () => call(watching))
  }

  #tell(watching: Watching, call: () => unknown): void {
    if (watching.isDropped) return
    const begun = performance.now()
    this.#run(watching, call)
    if (performance.now() - begun <= SLOW_MS) return
    watching.slowCalls += 1
    if (watching.slowCalls > SLOW_CALLS_AT_MOST) this.#drop(watching, 'is slow')
  }

  #tellEnd(watching: Watching, end: CallEnd, wasSent: boolean): void {
    this.#run(watching, () => watching.observer.end(end, { wasSent, sawAll: !watching.isDropped }))
  }

  #run(watching: Watching, call: () => unknown): void {
    try {
      const answer = call()
      // Nobody waits for it, and its failure would end the process.
      if (answer instanceof Promise)
        answer.catch((cause: unknown) => this.#drop(watching, 'has failed', cause))
    } catch (cause) {
      this.#drop(watching, 'has failed', cause)
    }
  }

  #drop(watching: Watching, what: string, cause?: unknown): void {
    if (watching.isDropped) return
    watching.isDropped = true
    this.#report({
      level: 'error',
      code: 'observer_failed',
      detail: `An observer of the admission ${watching.name} ${what}, and is told nothing more but the end`,
      ...(cause === undefined ? {} : { cause }),
    })
  }
}
