/** Keeps a stretch of bytes that pass in chunks, up to a bound. */
export class Capture {
  readonly #atMost: number
  #kept: Buffer[] = []
  #length = 0
  #from: number

  /** Begins at a position of the chunk that passes. */
  constructor(from: number, atMost: number) {
    this.#from = from
    this.#atMost = atMost
  }

  /** Takes what is left of the chunk. False once there is more than may be kept. */
  pass(chunk: Buffer): boolean {
    const fits = this.#keep(chunk, chunk.length)
    this.#from = 0
    return fits
  }

  /** The whole, up to, without, a position of the chunk that passes; undefined where it is more than may be kept. */
  end(chunk: Buffer, end: number): string | undefined {
    if (!this.#keep(chunk, end)) return undefined
    const [first] = this.#kept
    return (this.#kept.length === 1 && first ? first : Buffer.concat(this.#kept)).toString('utf8')
  }

  #keep(chunk: Buffer, end: number): boolean {
    this.#length += end - this.#from
    if (this.#length > this.#atMost) this.#kept = []
    else this.#kept.push(chunk.subarray(this.#from, end))
    return this.#length <= this.#atMost
  }
}
