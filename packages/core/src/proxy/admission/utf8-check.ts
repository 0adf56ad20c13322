import { isUtf8 } from 'node:buffer'

/** Whether chunks, cut anywhere, are UTF-8 (RFC 3629) together. */
export class Utf8Check {
  /** The beginning of a character whose rest comes with the next chunk. */
  #cutOff: Buffer = Buffer.alloc(0)

  accepts(chunk: Buffer): boolean {
    const text = this.#cutOff.length > 0 ? Buffer.concat([this.#cutOff, chunk]) : chunk
    const whole = text.length - cutOffBytes(text)
    this.#cutOff = Buffer.from(text.subarray(whole))
    return isUtf8(text.subarray(0, whole))
  }

  /** Whether the last character is complete. */
  get isWhole(): boolean {
    return this.#cutOff.length === 0
  }
}

/** How many bytes at the end begin a character that is not complete. */
function cutOffBytes(text: Buffer): number {
  for (let back = 1; back <= Math.min(3, text.length); back++) {
    const byte = text[text.length - back] as number
    if (byte < 0x80) return 0
    if (byte >= 0xc0) return back < (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) ? back : 0
  }
  return 0
}
