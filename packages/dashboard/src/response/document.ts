import { randomBytes } from 'node:crypto'
import { html } from 'hono/html'

export interface DocumentTemplate {
  readonly html: string
  readonly productName: string
  /** Origins that a form of the page may end up at, besides its own. */
  readonly formOrigins: readonly string[]
}

/**
 * The page, under a policy that names a fresh 128-bit nonce.
 *
 * The nonce admits `<style>` elements only (Mantine writes its theme into one); scripts come from files of this
 * origin, and no attribute or element can smuggle one in. `no-store`, because a token may be shown here.
 */
export function documentResponse(template: DocumentTemplate, method: string): Response {
  const nonce = randomBytes(16).toString('base64')
  const page = template.html
    .replaceAll('__CSP_NONCE__', () => nonce)
    .replaceAll('__PRODUCT_NAME__', () => String(html`${template.productName}`))
  return new Response(method === 'HEAD' ? null : page, {
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'content-security-policy': policy(nonce, template.formOrigins),
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      // Not `no-referrer`: that would make the Origin of the log-out form `null`, which names no origin to trust.
      'referrer-policy': 'same-origin',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
    },
  })
}

function policy(nonce: string, formOrigins: readonly string[]): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    ["form-action 'self'", ...formOrigins].join(' '),
    "frame-ancestors 'none'",
  ].join('; ')
}
