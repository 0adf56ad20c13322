import { stripOws } from './field-value.js'
import { headerValues } from './head.js'
import type { RequestView } from './view.js'

/** The value of a cookie; undefined also when it came twice with different values, of which another host planted one. */
export function cookieValue(view: RequestView, name: string): string | undefined {
  const values = cookieValues(view, name)
  const [value] = values
  return values.size === 1 ? value : undefined
}

export function cookieValues(view: RequestView, name: string): ReadonlySet<string> {
  return new Set(headerValues(view.rawHeaders, 'cookie').flatMap((header) => readCookies(header, name)))
}

/** Every value that a Cookie header carries under exactly this name, in order. */
function readCookies(header: string, name: string): string[] {
  return header
    .split(';')
    .map(stripOws)
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1))
}
