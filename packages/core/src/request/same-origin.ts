import { isReadingRequest } from '../authorization/roles.js'
import { headerValues } from './head.js'
import type { RequestView } from './view.js'

/**
 * Whether a browser session may act on this request: reading always, changing only from a page of our own origin, by
 * `Sec-Fetch-Site` and, where a browser does not send it, `Origin`. With neither nothing proves the origin: refused.
 */
export function mayActOnSession(view: RequestView, publicUrl: string): boolean {
  if (isReadingRequest(view)) return true
  const [site] = headerValues(view.rawHeaders, 'sec-fetch-site')
  if (site !== undefined) return site === 'same-origin'
  const [origin] = headerValues(view.rawHeaders, 'origin')
  return origin === publicUrl
}

/** Whether a person is looking: such a request is answered with a page or a redirect instead of JSON. */
export function isNavigation(view: RequestView): boolean {
  if (view.method !== 'GET' && view.method !== 'HEAD') return false
  const [mode] = headerValues(view.rawHeaders, 'sec-fetch-mode')
  if (mode !== undefined) return mode === 'navigate'
  return headerValues(view.rawHeaders, 'accept').some((accept) => /\btext\/html\b/i.test(accept))
}
