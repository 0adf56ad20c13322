/**
 * One deadline that is moved all the time: a timer that comes early looks when it is due and waits on, which costs less
 * than a new timer for every move.
 */
export class Deadline {
  readonly #expire: () => void
  #timer: NodeJS.Timeout | undefined
  #timerAt = 0
  #dueAt = 0
  #ms = 0

  constructor(expire: () => void) {
    this.#expire = expire
  }

  /** Due in so many milliseconds from now, whatever was before. */
  set(ms: number): void {
    this.#ms = ms
    this.#dueAt = performance.now() + ms
    if (this.#timer === undefined || this.#dueAt < this.#timerAt) this.#wait(ms)
  }

  /** As long again from now. */
  extend(): void {
    this.#dueAt = performance.now() + this.#ms
  }

  clear(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #wait(ms: number): void {
    clearTimeout(this.#timer)
    this.#timerAt = performance.now() + ms
    this.#timer = setTimeout(this.#look, ms)
  }

  readonly #look = (): void => {
    const left = this.#dueAt - performance.now()
    this.#timer = undefined
    // Timers count whole milliseconds.
    if (left >= 1) this.#wait(left)
    else this.#expire()
  }
}
