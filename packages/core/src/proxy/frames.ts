/**
 * Where the frames of a stream of WebSocket bytes end (RFC 6455 §5.2): a frame of one's own may be put in between two
 * others, and nowhere else. Reads lengths only; what is no WebSocket is passed on as it is.
 */
export class FrameBoundary {
  #header = Buffer.alloc(0)
  #left = 0
  #interrupt: (() => void) | undefined
  #isOver = false
  #hasClosed = false

  /** Whether a close frame has come: who leaves after that leaves in order (RFC 6455 §7.1.2). */
  get hasClosed(): boolean {
    return this.#hasClosed
  }

  /** Hands `chunk` on, up to the boundary that somebody waits for; nothing comes after that. */
  pass(chunk: Buffer, write: (bytes: Buffer) => boolean): boolean {
    if (this.#isOver) return true
    let at = 0
    while (at < chunk.length) {
      if (this.#interrupt && this.#isAtBoundary) break
      at = this.#left > 0 ? this.#skip(chunk, at) : this.#readHeader(chunk, at)
    }
    const hasRoom = at === 0 || write(at === chunk.length ? chunk : chunk.subarray(0, at))
    if (this.#interrupt && this.#isAtBoundary) this.#stop(this.#interrupt)
    return hasRoom
  }

  /** Calls `interrupt` at the end of the frame that is on its way, at once when there is none. Once only. */
  atBoundary(interrupt: () => void): void {
    if (this.#isAtBoundary) this.#stop(interrupt)
    else this.#interrupt = interrupt
  }

  get #isAtBoundary(): boolean {
    return this.#left === 0 && this.#header.length === 0
  }

  #stop(interrupt: () => void): void {
    this.#isOver = true
    this.#interrupt = undefined
    interrupt()
  }

  #skip(chunk: Buffer, at: number): number {
    const skipped = Math.min(chunk.length - at, this.#left)
    this.#left -= skipped
    return at + skipped
  }

  #readHeader(chunk: Buffer, at: number): number {
    const size = headerSize(this.#header.length > 1 ? this.#header[1] : chunk[at + 1 - this.#header.length])
    const wanted = size - this.#header.length
    const taken = chunk.subarray(at, at + wanted)
    this.#header = Buffer.concat([this.#header, taken])
    if (this.#header.length === headerSize(this.#header[1])) {
      this.#left = payloadLength(this.#header)
      this.#hasClosed ||= ((this.#header[0] ?? 0) & 0x0f) === CLOSE
      this.#header = Buffer.alloc(0)
    }
    return at + taken.length
  }
}

const CLOSE = 0x8

/** Of the whole header; 2 as long as its second byte is yet to come. */
function headerSize(second: number | undefined): number {
  if (second === undefined) return 2
  const length = second & 0x7f
  const extended = length === 127 ? 8 : length === 126 ? 2 : 0
  return 2 + extended + ((second & 0x80) === 0 ? 0 : 4)
}

function payloadLength(header: Buffer): number {
  const length = (header[1] ?? 0) & 0x7f
  if (length === 127) return Number(header.readBigUInt64BE(2))
  return length === 126 ? header.readUInt16BE(2) : length
}

/** A close frame of a server: unmasked, with a status code and a reason (RFC 6455 §5.5.1). */
export function closeFrame(code: number, reason: string): Buffer {
  const text = Buffer.from(reason, 'utf8').subarray(0, 123)
  const frame = Buffer.alloc(4 + text.length)
  frame.writeUInt8(0x88, 0)
  frame.writeUInt8(2 + text.length, 1)
  frame.writeUInt16BE(code, 2)
  text.copy(frame, 4)
  return frame
}
