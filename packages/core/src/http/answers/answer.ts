import type { Denial } from '../../errors/denial.js'
import { answerProblem, type Problem, problemOfDenial } from '../../errors/problem.js'

/** On every response of the gate's own: nothing is cached, sniffed or framed unless a route says otherwise. */
const HEADERS = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
} as const

/** Of metadata that browsers of any origin may read and keep for a while. */
export const METADATA_HEADERS = {
  'cache-control': 'public, max-age=300',
  'access-control-allow-origin': '*',
} as const

export function json(value: unknown, status = 200, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(value), {
    status,
    headers: { ...HEADERS, 'content-type': 'application/json', ...headers },
  })
}

export function redirect(location: string, setCookies: readonly string[] = []): Response {
  const headers = new Headers({ ...HEADERS, location })
  for (const cookie of setCookies) headers.append('set-cookie', cookie)
  return new Response(null, { status: 302, headers })
}

export function refuse(refusal: Denial, headers: Record<string, string> = {}): Response {
  return refuseProblem(problemOfDenial(refusal), headers)
}

export function refuseProblem(problem: Problem, headers: Record<string, string> = {}): Response {
  const { status, headers: own, body } = answerProblem(problem, '')
  return new Response(body, { status, headers: { ...HEADERS, ...own, ...headers } })
}

interface HtmlPolicy {
  /** SHA-256, base64, of the only style that is let in. */
  readonly styleHash: string
  readonly status: number
  /** The origin that a form may lead to beside our own. */
  readonly answeredTo: string | undefined
}

/** A page without scripts. */
export function htmlAnswer(markup: string, { styleHash, status, answeredTo = '' }: HtmlPolicy): Response {
  const policy = `default-src 'none'; style-src 'sha256-${styleHash}'; form-action 'self' ${answeredTo}; base-uri 'none'; frame-ancestors 'none'`
  return new Response(markup, {
    status,
    headers: { ...HEADERS, 'content-type': 'text/html; charset=utf-8', 'content-security-policy': policy },
  })
}
