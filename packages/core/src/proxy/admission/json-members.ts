import { Capture } from './capture.js'
import { Utf8Check } from './utf8-check.js'

/** Where the value of a member stands: from its first byte up to, without, the byte behind its last. */
export interface Span {
  readonly name: string
  readonly start: number
  end: number | undefined
}

export type ScanFailure = 'invalid' | 'ambiguous_member' | 'too_deep' | 'too_many_members' | 'member_too_long'

const DEEPEST = 256
/** Of the object: looking at a name takes longer than reading it. */
const MOST_MEMBERS = 1_000
const OBJECT = 1
const ARRAY = 2

/** What may come next. */
enum At {
  Start,
  NameOrEnd,
  Name,
  Colon,
  Value,
  ValueOrEnd,
  Next,
  Text,
  Escape,
  Hex,
  Literal,
  Minus,
  Zero,
  Integer,
  Point,
  Fraction,
  Exponent,
  ExponentSign,
  ExponentDigits,
  LiteralEnd,
  Done,
}

/** After these a number or a literal may be over, which only the byte behind it tells. */
const MAY_END: ReadonlySet<At> = new Set([At.Zero, At.Integer, At.Fraction, At.ExponentDigits, At.LiteralEnd])

/** Up to here it is quicker to look than to call. */
const SHORT_TEXT = 24

const QUOTE = 0x22
const BACKSLASH = 0x5c
const ESCAPABLE: ReadonlySet<number> = new Set(Buffer.from('"\\/bfnrt'))

/**
 * Finds top-level members of a JSON object (RFC 8259) while its bytes pass, in chunks that may end anywhere. Checks the
 * grammar, since a parser that forgives would find other members; keeps nothing but the members asked for. Control
 * characters in texts, which no parser takes for anything else, pass.
 */
export class JsonMembers {
  /** Of the members asked for, in the order of the text. */
  readonly spans: Span[] = []
  readonly values = new Map<string, unknown>()
  /** How many members the object has. */
  count = 0
  /** Where the closing brace of the object stands. */
  closesAt: number | undefined
  failure: ScanFailure | undefined
  /** How many bytes were scanned. */
  length = 0

  readonly #byFolded: ReadonlyMap<string, string>
  readonly #longestName: number
  readonly #longestValue: number
  readonly #containers = new Uint8Array(DEEPEST)
  #at = At.Start
  #depth = 0
  #isName = false
  #quoteAt = -1
  #backslashAt = -1
  #hexLeft = 0
  #literal = ''
  #literalAt = 0
  #name: string | undefined
  #span: Span | undefined
  /** Of the name or the value that passes, where it is wanted. */
  #capture: Capture | undefined
  readonly #encoding = new Utf8Check()

  constructor(names: Iterable<string>, valueBytesAtMost: number) {
    const wanted = [...names]
    this.#byFolded = new Map(wanted.map((name) => [fold(name), name]))
    // Each character of a name may be written as an escape of six bytes, and many more in all would be no such name.
    this.#longestName = 6 * Math.max(0, ...wanted.map((name) => name.length)) + 2
    this.#longestValue = valueBytesAtMost
  }

  /** Whether all members asked for were seen to their ends. */
  get hasAll(): boolean {
    return this.values.size === this.#byFolded.size
  }

  scan(chunk: Buffer): void {
    if (this.failure) return
    if (!this.#encoding.accepts(chunk)) this.failure = 'invalid'
    this.#quoteAt = -1
    this.#backslashAt = -1
    let at = 0
    while (at < chunk.length && !this.failure) at = this.#step(chunk, at)
    if (this.#capture?.pass(chunk) === false) {
      this.#capture = undefined
      if (this.#span) this.failure ??= 'member_too_long'
    }
    this.length += chunk.length
  }

  /** The text ends here. */
  end(): void {
    if (this.#at !== At.Done || !this.#encoding.isWhole) this.failure ??= 'invalid'
  }

  #step(chunk: Buffer, at: number): number {
    const byte = chunk[at] as number
    switch (this.#at) {
      case At.Text:
        return this.#readText(chunk, at)
      case At.Escape:
        if (byte === 0x75) {
          this.#at = At.Hex
          this.#hexLeft = 4
        } else if (ESCAPABLE.has(byte)) this.#at = At.Text
        else this.failure = 'invalid'
        return at + 1
      case At.Hex:
        if (!isHex(byte)) this.failure = 'invalid'
        this.#hexLeft -= 1
        if (this.#hexLeft === 0) this.#at = At.Text
        return at + 1
      case At.Literal:
        return this.#readLiteral(byte, at)
      case At.Start:
      case At.NameOrEnd:
      case At.Name:
      case At.Colon:
      case At.Value:
      case At.ValueOrEnd:
      case At.Next:
      case At.Done:
        return isSpace(byte) ? at + 1 : this.#readSign(chunk, byte, at)
      default:
        return this.#readNumber(chunk, at)
    }
  }

  /** What stands between texts, numbers and literals. */
  #readSign(chunk: Buffer, byte: number, at: number): number {
    const isEnd = byte === 0x7d || byte === 0x5d
    if (isEnd && (this.#at === At.NameOrEnd || this.#at === At.ValueOrEnd || this.#at === At.Next))
      this.#close(chunk, byte, at)
    else if (this.#at === At.Start && byte === 0x7b) this.#open(OBJECT)
    else if ((this.#at === At.NameOrEnd || this.#at === At.Name) && byte === QUOTE) this.#beginName(at)
    else if (this.#at === At.Colon && byte === 0x3a) this.#at = At.Value
    else if (this.#at === At.Next && byte === 0x2c)
      this.#at = this.#containers[this.#depth - 1] === OBJECT ? At.Name : At.Value
    else if (this.#at === At.Value || this.#at === At.ValueOrEnd) this.#beginValue(byte, at)
    else this.failure = 'invalid'
    return at + 1
  }

  #beginName(at: number): void {
    this.#isName = true
    this.#at = At.Text
    if (this.#depth !== 1) return
    this.count += 1
    if (this.count > MOST_MEMBERS) this.failure = 'too_many_members'
    this.#capture = new Capture(at, this.#longestName)
  }

  #beginValue(byte: number, at: number): void {
    if (this.#depth === 1 && this.#name !== undefined) {
      this.#span = { name: this.#name, start: this.length + at, end: undefined }
      this.spans.push(this.#span)
      this.#capture = new Capture(at, this.#longestValue)
    }
    this.#isName = false
    if (byte === QUOTE) this.#at = At.Text
    else if (byte === 0x7b) this.#open(OBJECT)
    else if (byte === 0x5b) this.#open(ARRAY)
    else if (byte === 0x2d) this.#at = At.Minus
    else if (byte === 0x30) this.#at = At.Zero
    else if (byte > 0x30 && byte <= 0x39) this.#at = At.Integer
    else this.#beginLiteral(byte)
  }

  #beginLiteral(byte: number): void {
    const literal = LITERALS.get(byte)
    if (literal === undefined) {
      this.failure = 'invalid'
      return
    }
    this.#at = At.Literal
    this.#literal = literal
    this.#literalAt = 1
  }

  #open(container: number): void {
    if (this.#depth === DEEPEST) {
      this.failure = 'too_deep'
      return
    }
    this.#containers[this.#depth] = container
    this.#depth += 1
    this.#at = container === OBJECT ? At.NameOrEnd : At.ValueOrEnd
  }

  #close(chunk: Buffer, byte: number, at: number): void {
    const container = byte === 0x7d ? OBJECT : ARRAY
    if (this.#containers[this.#depth - 1] !== container) {
      this.failure = 'invalid'
      return
    }
    this.#depth -= 1
    if (this.#depth === 0) {
      this.closesAt = this.length + at
      this.#at = At.Done
    } else this.#endValue(chunk, at + 1)
  }

  #readText(chunk: Buffer, from: number): number {
    const at = this.#skipText(chunk, from)
    if (at === chunk.length) return at
    if (chunk[at] === BACKSLASH) this.#at = At.Escape
    else if (this.#isName) this.#endName(chunk, at + 1)
    else this.#endValue(chunk, at + 1)
    return at + 1
  }

  /** Where the next quote or backslash stands. What was found in a chunk is remembered, or escapes would take for ever. */
  #skipText(chunk: Buffer, from: number): number {
    const short = Math.min(from + SHORT_TEXT, chunk.length)
    for (let at = from; at < short; at++) if (chunk[at] === QUOTE || chunk[at] === BACKSLASH) return at
    if (this.#quoteAt < short) this.#quoteAt = positionOf(chunk, QUOTE, short)
    if (this.#backslashAt < short) this.#backslashAt = positionOf(chunk, BACKSLASH, short)
    return Math.min(this.#quoteAt, this.#backslashAt)
  }

  #readLiteral(byte: number, at: number): number {
    if (byte !== this.#literal.charCodeAt(this.#literalAt)) {
      this.failure = 'invalid'
      return at
    }
    this.#literalAt += 1
    if (this.#literalAt === this.#literal.length) this.#at = At.LiteralEnd
    return at + 1
  }

  #readNumber(chunk: Buffer, from: number): number {
    for (let at = from; at < chunk.length; at++) {
      const next = afterDigit(this.#at, chunk[at] as number)
      if (next === undefined) {
        if (MAY_END.has(this.#at)) this.#endValue(chunk, at)
        else this.failure = 'invalid'
        return at
      }
      this.#at = next
    }
    return chunk.length
  }

  #endName(chunk: Buffer, end: number): void {
    this.#at = At.Colon
    if (this.#depth !== 1) return
    this.#name = undefined
    const written = this.#capture?.end(chunk, end)
    this.#capture = undefined
    if (written === undefined) return
    const name = written.includes('\\') ? (JSON.parse(written) as string) : written.slice(1, -1)
    const wanted = this.#byFolded.get(fold(name))
    if (wanted === undefined) return
    if (wanted !== name || this.spans.some((span) => span.name === name)) this.failure = 'ambiguous_member'
    else this.#name = name
  }

  #endValue(chunk: Buffer, end: number): void {
    this.#at = At.Next
    if (this.#depth !== 1 || !this.#span) return
    this.#span.end = this.length + end
    const written = this.#capture?.end(chunk, end)
    this.#capture = undefined
    if (written === undefined) this.failure = 'member_too_long'
    else this.values.set(this.#span.name, JSON.parse(written))
    this.#span = undefined
    this.#name = undefined
  }
}

const LITERALS: ReadonlyMap<number, string> = new Map(
  ['true', 'false', 'null'].map((literal) => [literal.charCodeAt(0), literal]),
)

function positionOf(chunk: Buffer, byte: number, from: number): number {
  const at = chunk.indexOf(byte, from)
  return at === -1 ? chunk.length : at
}

/** Some parsers find members whatever the case of their letters (encoding/json of Go). */
function fold(name: string): string {
  return name.toUpperCase().toLowerCase()
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39
}

function isHex(byte: number): boolean {
  return isDigit(byte) || (byte >= 0x41 && byte <= 0x46) || (byte >= 0x61 && byte <= 0x66)
}

/** Where a number goes on with this byte; undefined when it does not (RFC 8259 §6). */
function afterDigit(at: At, byte: number): At | undefined {
  const isE = byte === 0x65 || byte === 0x45
  switch (at) {
    case At.Minus:
      return byte === 0x30 ? At.Zero : isDigit(byte) ? At.Integer : undefined
    case At.Integer:
      return isDigit(byte) ? At.Integer : byte === 0x2e ? At.Point : isE ? At.Exponent : undefined
    case At.Zero:
      return byte === 0x2e ? At.Point : isE ? At.Exponent : undefined
    case At.Point:
      return isDigit(byte) ? At.Fraction : undefined
    case At.Fraction:
      return isDigit(byte) ? At.Fraction : isE ? At.Exponent : undefined
    case At.Exponent:
      if (byte === 0x2b || byte === 0x2d) return At.ExponentSign
      return isDigit(byte) ? At.ExponentDigits : undefined
    case At.ExponentSign:
    case At.ExponentDigits:
      return isDigit(byte) ? At.ExponentDigits : undefined
    default:
      return undefined
  }
}
