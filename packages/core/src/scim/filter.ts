import { fine, refuseScim, type ScimOutcome } from './outcome.js'

const USER_NAME_EQUALS =
  /^\s*(?:urn:ietf:params:scim:schemas:core:2\.0:User:)?userName\s+eq\s+("(?:[^"\\]|\\.)*")\s*$/i

/** The user name that a filter asks for (RFC 7644 §3.4.2.2). `userName eq "…"` is the one filter that is supported. */
export function readUserNameFilter(filter: string): ScimOutcome<string> {
  const quoted = USER_NAME_EQUALS.exec(filter)?.[1]
  const name = quoted === undefined ? undefined : parseString(quoted)
  return name === undefined
    ? refuseScim('invalidFilter', 'The filter supported is: userName eq "…".')
    : fine(name)
}

/** A comparison value is JSON (RFC 7644 §3.4.2.2). */
export function parseString(quoted: string): string | undefined {
  try {
    const value: unknown = JSON.parse(quoted)
    return typeof value === 'string' ? value : undefined
  } catch {
    return undefined
  }
}
