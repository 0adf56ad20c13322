/**
 * What a field value or a member of one is without the white space around it. RFC 9110 §5.6.3 knows SP and HTAB alone:
 * `trim()` also takes U+00A0 and its kind, which browsers let other hosts put into the name of a cookie.
 */
export function stripOws(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && isOws(text.charCodeAt(start))) start += 1
  while (end > start && isOws(text.charCodeAt(end - 1))) end -= 1
  return text.slice(start, end)
}

function isOws(code: number): boolean {
  return code === 0x20 || code === 0x09
}

/** The media type that a `Content-Type` names, in lower case and without parameters (RFC 9110 §8.3.1). */
export function mediaTypeOf(contentType: string | null): string | undefined {
  return contentType === null ? undefined : stripOws(contentType.split(';')[0] ?? '').toLowerCase()
}

const PLAIN_VALUE = /^[\x21-\x24\x26-\x7e]*$/

/**
 * Text as a header value: UTF-8 with everything but visible ASCII percent-encoded, and `%` itself, so that
 * `decodeURIComponent` gives back the text.
 */
export function visibleAscii(text: string): string {
  if (PLAIN_VALUE.test(text)) return text
  let encoded = ''
  for (const byte of Buffer.from(text, 'utf8')) {
    const isPlain = byte > 0x20 && byte < 0x7f && byte !== 0x25
    encoded += isPlain ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  }
  return encoded
}

/** A list as one header value: each member as `visibleAscii` writes it, its commas percent-encoded too. */
export function visibleAsciiList(members: readonly string[]): string {
  return members.map((member) => visibleAscii(member).replaceAll(',', '%2C')).join(',')
}
