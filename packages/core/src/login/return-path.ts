const LONGEST = 1024
const CONTROL_OR_BACKSLASH = /[\x00-\x20\x7f\\]/

/**
 * Where to go back to after a login: path and query of `text` when it stays on our origin, `/` for everything else.
 * Decided by parsing it as browsers do, never by its prefix. Never a page of the login itself, which would go in
 * circles.
 */
export function returnPath(text: string | undefined, publicUrl: string): string {
  if (text === undefined || text.length > LONGEST || CONTROL_OR_BACKSLASH.test(text)) return '/'
  if (!URL.canParse(text, publicUrl)) return '/'
  const url = new URL(text, publicUrl)
  const path = url.pathname + url.search + url.hash
  const isOurs = url.origin === publicUrl && !url.username && !url.password
  if (!isOurs || path.startsWith('//') || url.pathname.startsWith('/oauth2/')) return '/'
  return path
}
