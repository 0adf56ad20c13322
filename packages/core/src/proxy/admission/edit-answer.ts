import { Transform } from 'node:stream'
import type { AnswerEdits, AnswerHead, BodyRewriter, HeaderEdits } from '../../admission/admission.js'
import { FRAMING, type HeaderFields, HOP_BY_HOP, headerFilter, normaliseName } from '../headers.js'
import { isHeader } from '../upstream.js'

const isOfTheConnection = headerFilter([...HOP_BY_HOP, ...FRAMING])

/** Throws for a header that no edit may touch, or that cannot be sent. */
export function editHeaders(headers: HeaderFields, edits: HeaderEdits): void {
  for (const [given, value] of Object.entries(edits)) {
    const normalised = normaliseName(given)
    if (isOfTheConnection(normalised) || !isHeader(given, value ?? ''))
      throw new TypeError(`An admission edits the header ${JSON.stringify(given)}, which cannot be`)
    for (const name of Object.keys(headers)) if (normaliseName(name) === normalised) delete headers[name]
    if (value !== null) headers[given.toLowerCase()] = value
  }
}

export type EditAnswer = (head: AnswerHead) => AnswerEdits | undefined

/**
 * Applies what admissions want of an answer to its headers. Answers the streams that its body has to pass; where there
 * is one, the length is not known any more. Throws what an admission throws.
 */
export function editAnswer(
  editors: readonly EditAnswer[],
  head: AnswerHead,
  headers: HeaderFields,
  hasBody: boolean,
): Transform[] {
  const rewriters: Transform[] = []
  for (const edit of editors) {
    const edits = edit(head)
    if (edits?.headers) editHeaders(headers, edits.headers)
    if (edits?.body && hasBody) rewriters.push(rewriting(edits.body))
  }
  if (rewriters.length > 0) delete headers['content-length']
  return rewriters
}

function rewriting(rewriter: BodyRewriter): Transform {
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      attempt(() => rewriter.chunk(chunk), done)
    },
    flush(done) {
      attempt(() => rewriter.end(), done)
    },
  })
}

function attempt(
  rewrite: () => Buffer | undefined,
  done: (cause: Error | null, chunk?: Buffer) => void,
): void {
  let rewritten: Buffer | undefined
  try {
    rewritten = rewrite()
  } catch (cause) {
    done(cause instanceof Error ? cause : new Error(String(cause)))
    return
  }
  if (rewritten === undefined || rewritten.length === 0) done(null)
  else done(null, rewritten)
}
