import type { IncomingMessage } from 'node:http'
import type { BodyWish, CallBody, UnreadReason } from '../../admission/admission.js'
import { checkMembers } from '../../input/check.js'
import { integer, listOf, type Shape, text } from '../../input/kinds.js'
import { mediaTypeOf } from '../../request/field-value.js'
import { type Framing, headerValues } from '../../request/head.js'
import { HeldBody, type HeldBytes } from './held-body.js'

const MEMBER_BYTES = 65_536
const HOLD_BYTES = 33_554_432

const BODY_WISH: Shape<BodyWish> = {
  members: listOf(text),
  memberBytesAtMost: integer(1, 1_048_576),
  holdBytesAtMost: integer(1, 268_435_456),
}

/** Throws for one that this contract does not allow. */
export function requireWish(wish: BodyWish): void {
  const problems: string[] = []
  checkMembers(wish, BODY_WISH, problems, { required: ['members'] })
  if (problems.length > 0) throw new TypeError(`It wants of the body what cannot be: ${problems.join('; ')}`)
}

/** The body with what all of them want of it, or why nothing is read. */
export function bodyWanted(
  req: IncomingMessage,
  framing: Framing,
  wishes: readonly BodyWish[],
  heldBytes: HeldBytes,
  pauseMs: number,
): HeldBody | CallBody {
  if (framing === 'none' || (framing !== 'chunked' && framing.length === '0')) return { state: 'none' }
  const reason = unreadable(req.rawHeaders)
  if (reason) return { state: 'unread', reason }
  return new HeldBody({
    req,
    members: [...new Set(wishes.flatMap(({ members }) => members))],
    memberBytesAtMost: Math.max(...wishes.map(({ memberBytesAtMost = MEMBER_BYTES }) => memberBytesAtMost)),
    holdBytesAtMost: Math.max(...wishes.map(({ holdBytesAtMost = HOLD_BYTES }) => holdBytesAtMost)),
    heldBytes,
    pauseMs,
  })
}

const JSON_TYPE = /^application\/(?:json|[\w.!#$&^-]+\+json)$/
const CHARSET = /;\s*charset\s*=\s*"?([^\s";]*)/i

function unreadable(rawHeaders: readonly string[]): UnreadReason | undefined {
  const codings = headerValues(rawHeaders, 'content-encoding')
  if (codings.some((coding) => coding.trim().toLowerCase() !== 'identity')) return 'content_encoded'
  const [type = '', ...more] = headerValues(rawHeaders, 'content-type')
  const charset = CHARSET.exec(type)?.[1]?.toLowerCase() ?? 'utf-8'
  const isJson = more.length === 0 && JSON_TYPE.test(mediaTypeOf(type) ?? '') && charset === 'utf-8'
  return isJson ? undefined : 'not_json'
}
