import type { JsonMembers, Span } from './json-members.js'

/**
 * Sets top-level members of an object whose bytes pass in chunks: in place of the values that `members` finds, else
 * before its closing brace. Every other byte stays as it is. Each chunk must have been scanned before.
 */
export class MemberEditor {
  readonly #members: JsonMembers
  readonly #values: ReadonlyMap<string, Buffer>
  /** Of the spans: those before it are dealt with. */
  #next = 0
  #isReplaced = false
  #at = 0

  constructor(members: JsonMembers, values: ReadonlyMap<string, unknown>) {
    this.#members = members
    this.#values = new Map([...values].map(([name, value]) => [name, Buffer.from(JSON.stringify(value))]))
  }

  /** What goes on in place of the chunk that follows the one before. */
  edit(chunk: Buffer): Buffer[] {
    const pieces: Buffer[] = []
    const begin = this.#at
    const end = begin + chunk.length
    let from = begin
    for (let span = this.#span(); span && span.start < end; span = this.#span()) {
      const value = this.#values.get(span.name)
      if (value !== undefined) {
        if (!this.#isReplaced) pieces.push(chunk.subarray(from - begin, span.start - begin), value)
        this.#isReplaced = true
        from = Math.min(span.end ?? end, end)
      }
      if (span.end === undefined || span.end > end) break
      this.#next += 1
      this.#isReplaced = false
    }
    const { closesAt } = this.#members
    if (closesAt !== undefined && closesAt >= from && closesAt < end) {
      pieces.push(chunk.subarray(from - begin, closesAt - begin), this.#additions())
      from = closesAt
    }
    pieces.push(chunk.subarray(from - begin))
    this.#at = end
    return pieces.filter((piece) => piece.length > 0)
  }

  #span(): Span | undefined {
    return this.#members.spans[this.#next]
  }

  #additions(): Buffer {
    const present = new Set(this.#members.spans.map(({ name }) => name))
    const absent = [...this.#values].filter(([name]) => !present.has(name))
    const written = absent.map(([name, value]) => `${JSON.stringify(name)}:${value.toString('utf8')}`)
    const comma = this.#members.count > 0 && written.length > 0 ? ',' : ''
    return Buffer.from(comma + written.join(','))
  }
}
