const TEXT = { 404: 'Not found', 405: 'Method not allowed' } as const

/** A short plain answer that no cache keeps; 405 names what is allowed (RFC 9110 §15.5.6). */
export function refusal(status: keyof typeof TEXT, method: string): Response {
  return new Response(method === 'HEAD' ? null : `${TEXT[status]}\n`, {
    status,
    headers: {
      'content-type': 'text/plain; charset=utf-8',
      'cache-control': 'no-store',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      'x-content-type-options': 'nosniff',
      ...(status === 405 && { allow: 'GET, HEAD' }),
    },
  })
}
