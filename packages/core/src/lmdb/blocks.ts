import type { Millis, SortRange } from '../store/store.js'
import type { Environment } from './environment.js'
import { LAST, type OrderPlace } from './layout.js'

/** A block that has grown beyond is split in two. Its 8 bytes a record stay within a page. */
const MOST_IN_BLOCK = 64
/** A block that has shrunk below is joined with the next. */
const FEWEST_IN_BLOCK = 12

/** Notes a record that `order` has just been given. Inside a transaction. */
export function enterBlock(environment: Environment, place: OrderPlace, deadline: Millis | undefined): void {
  const block = blockOf(environment, place)
  const start = block?.start ?? firstPlace(place)
  const before = block?.deadlines ?? Buffer.alloc(0)
  const at = expiredIn(before, deadline ?? WITHOUT) * BYTES
  const deadlines = Buffer.allocUnsafe(before.length + BYTES)
  before.copy(deadlines, 0, 0, at)
  deadlines.writeDoubleLE(deadline ?? WITHOUT, at)
  before.copy(deadlines, at + BYTES, at)
  if (deadlines.length <= MOST_IN_BLOCK * BYTES) environment.blocks.putSync(start as never, deadlines)
  else split(environment, start)
}

/** Forgets a record that `order` is about to lose. Inside a transaction. */
export function leaveBlock(environment: Environment, place: OrderPlace, deadline: Millis | undefined): void {
  const block = blockOf(environment, place)
  if (!block) return
  const { start } = block
  const after = expiredIn(block.deadlines, deadline ?? WITHOUT) * BYTES
  if (after === 0) return
  const rest = Buffer.concat([block.deadlines.subarray(0, after - BYTES), block.deadlines.subarray(after)])
  const joined = rest.length < FEWEST_IN_BLOCK * BYTES ? join(environment, start, rest) : rest
  if (joined.length === 0) environment.blocks.removeSync(start as never)
  else environment.blocks.putSync(start as never, joined)
}

/** With the next block, if both together are small. */
function join(environment: Environment, start: OrderPlace, deadlines: Buffer): Buffer {
  const next = blockAfter(environment, start)
  if (!next || next.deadlines.length + deadlines.length > (MOST_IN_BLOCK / 2) * BYTES) return deadlines
  environment.blocks.removeSync(next.start as never)
  return sorted([...read(deadlines), ...read(next.deadlines)])
}

/**
 * How many records of a collection are live and sort within a range. Looks at one block in a hundred or so records, and at
 * single records at the two ends of the range only.
 */
export function countLive(
  environment: Environment,
  [partition, collection]: readonly [string, string],
  now: Millis,
  range: SortRange = {},
): number {
  const { from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY } = range
  const least = [partition, collection, from]
  const most = [partition, collection, to, LAST]
  const within = environment.blocks.getRange({ start: least, end: most, inclusiveEnd: true } as never)
  let total = 0
  let previous: Buffer | undefined
  let end: readonly unknown[] = least
  for (const { key, value } of within) {
    // Before the first block that begins within the range lies the end of one that does not.
    total += previous ? countIn(previous, now) : countSingly(environment, least, key as never, false, now)
    previous = value
    end = key as never
  }
  return total + countSingly(environment, end, most, true, now)
}

/** Stands for no deadline: behind every other. */
const WITHOUT = Number.POSITIVE_INFINITY
const BYTES = 8

interface Block {
  readonly start: OrderPlace
  /** Sorted; 8 bytes each. */
  readonly deadlines: Buffer
}

/** The first block of a collection begins before everything. */
function firstPlace([partition, collection]: OrderPlace): OrderPlace {
  return [partition, collection, Number.NEGATIVE_INFINITY, '']
}

function blockOf(environment: Environment, place: OrderPlace): Block | undefined {
  return firstBlock(environment, { start: place, end: firstPlace(place), inclusiveEnd: true, reverse: true })
}

function blockAfter(
  environment: Environment,
  [partition, collection, sort, id]: OrderPlace,
): Block | undefined {
  return firstBlock(environment, {
    start: [partition, collection, sort, id],
    exclusiveStart: true,
    end: [partition, collection, Number.POSITIVE_INFINITY, LAST],
  })
}

function firstBlock({ blocks }: Environment, range: object): Block | undefined {
  for (const { key, value } of blocks.getRange({ ...range, limit: 1 } as never))
    return { start: key as never, deadlines: value }
  return undefined
}

/** What a block has grown to is read from `order`, which alone knows which record has which deadline. */
function split(environment: Environment, start: OrderPlace): void {
  const [partition, collection] = start
  const next = blockAfter(environment, start)
  const end = next?.start ?? [partition, collection, Number.POSITIVE_INFINITY, LAST]
  const entries = [...environment.order.getRange({ start, end } as never)]
  const middle = Math.floor(entries.length / 2)
  const [halfway] = entries.slice(middle)
  if (!halfway) return
  const deadlinesOf = (half: typeof entries) => sorted(half.map(({ value }) => value ?? WITHOUT))
  environment.blocks.putSync(start as never, deadlinesOf(entries.slice(0, middle)))
  environment.blocks.putSync(halfway.key as never, deadlinesOf(entries.slice(middle)))
}

function countIn(block: Buffer, now: Millis): number {
  return block.length / BYTES - expiredIn(block, now)
}

/** How many deadlines are not after `now`. */
function expiredIn(block: Buffer, now: Millis): number {
  let [low, high] = [0, block.length / BYTES]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (deadlineAt(block, middle) > now) high = middle
    else low = middle + 1
  }
  return low
}

function countSingly(
  { order }: Environment,
  start: readonly unknown[],
  end: readonly unknown[],
  inclusiveEnd: boolean,
  now: Millis,
): number {
  let total = 0
  for (const { value } of order.getRange({ start, end, inclusiveEnd } as never))
    if (value === null || value > now) total += 1
  return total
}

function deadlineAt(block: Buffer, index: number): number {
  return block.readDoubleLE(index * BYTES)
}

function read(block: Buffer): number[] {
  return Array.from({ length: block.length / BYTES }, (_, index) => deadlineAt(block, index))
}

function sorted(deadlines: readonly number[]): Buffer {
  const block = Buffer.allocUnsafe(deadlines.length * BYTES)
  // A typed array sorts by number, infinity last.
  for (const [index, deadline] of Float64Array.from(deadlines).sort().entries())
    block.writeDoubleLE(deadline, index * BYTES)
  return block
}
