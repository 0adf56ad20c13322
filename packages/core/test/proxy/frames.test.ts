import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { closeFrame, FrameBoundary } from '../../src/proxy/frames.js'

/** A frame as a server sends it; `masked` as a client does. */
function frame(size: number, masked: boolean): Buffer {
  const bits = masked ? 0x80 : 0
  const mask = Buffer.alloc(masked ? 4 : 0, 7)
  const short = Buffer.from([0x82, bits | size])
  const medium = Buffer.alloc(4)
  medium.writeUInt8(0x82, 0)
  medium.writeUInt8(bits | 126, 1)
  medium.writeUInt16BE(size & 0xffff, 2)
  const long = Buffer.alloc(10)
  long.writeUInt8(0x82, 0)
  long.writeUInt8(bits | 127, 1)
  long.writeBigUInt64BE(BigInt(size), 2)
  const header = size < 126 ? short : size < 65_536 ? medium : long
  return Buffer.concat([header, mask, Buffer.alloc(size, 0x82)])
}

const frames = fc.array(
  fc.record({
    size: fc.oneof(fc.integer({ min: 0, max: 130 }), fc.integer({ min: 65_530, max: 65_600 })),
    masked: fc.boolean(),
  }),
  { minLength: 1, maxLength: 6 },
)

describe('a frame of one’s own', () => {
  it('comes between two frames, wherever the bytes were cut, and nothing after it', () => {
    fc.assert(
      fc.property(frames, fc.array(fc.nat(), { maxLength: 12 }), fc.nat(), (shapes, cuts, when) => {
        const sent = shapes.map(({ size, masked }) => frame(size, masked))
        const bytes = Buffer.concat(sent)
        const edges = [...new Set([0, ...cuts.map((cut) => cut % bytes.length), bytes.length])].sort(
          (one, other) => one - other,
        )
        const chunks = edges.slice(1).map((end, at) => bytes.subarray(edges[at], end))
        const boundary = new FrameBoundary()
        const passed: Buffer[] = []
        let interrupted: number | undefined
        chunks.forEach((chunk, at) => {
          if (at === when % chunks.length)
            boundary.atBoundary(() => {
              interrupted = Buffer.concat(passed).length
            })
          boundary.pass(chunk, (part) => passed.push(part) > 0)
        })
        const ends = sent.map((_, at) => Buffer.concat(sent.slice(0, at + 1)).length)
        const asked = edges[when % chunks.length] ?? 0
        expect(interrupted).toBe([0, ...ends].find((end) => end >= asked))
        expect(Buffer.concat(passed).equals(bytes.subarray(0, interrupted))).toBe(true)
      }),
    )
  })

  it('is a close frame with a code and a reason, of at most 125 bytes', () => {
    expect(closeFrame(1008, 'no').toString('hex')).toBe('880403f06e6f')
    expect(closeFrame(1008, 'x'.repeat(500))[1]).toBe(125)
  })
})
