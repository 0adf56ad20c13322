/** A refusal as problem details (RFC 9457); without a title, what a proxy in between says. */
export function problem(status: number, title?: string, detail?: string, code = 'test'): Response {
  if (title === undefined) return new Response('<h1>Bad gateway</h1>', { status })
  return new Response(JSON.stringify({ type: 'about:blank', title, status, code, detail, error: title }), {
    status,
    headers: { 'content-type': 'application/problem+json' },
  })
}
