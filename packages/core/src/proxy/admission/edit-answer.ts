import { Transform } from 'node:stream'
import type { AnswerEdits, AnswerHead, BodyRewriter } from '../../admission/admission.js'
import { editHeaders, type HeaderList, removeHeaders } from '../header-fields.js'

export type EditAnswer = (head: AnswerHead) => AnswerEdits | undefined

/**
 * Applies what admissions want of an answer to its headers. Answers the streams that its body has to pass; where there
 * is one, the length is not known any more. Throws what an admission throws.
 */
export function editAnswer(
  editors: readonly EditAnswer[],
  head: AnswerHead,
  headers: HeaderList,
  hasBody: boolean,
): Transform[] {
  const rewriters: Transform[] = []
  for (const edit of editors) {
    const edits = edit(head)
    if (edits?.headers) editHeaders(headers, edits.headers)
    if (edits?.body && hasBody) rewriters.push(rewriting(edits.body))
  }
  if (rewriters.length > 0) removeHeaders(headers, (name) => name === 'content-length')
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
