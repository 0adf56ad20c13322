const OWS_AROUND = /^[ \t]+|[ \t]+$/g

/**
 * What a field value or a member of one is without the white space around it. RFC 9110 §5.6.3 knows SP and HTAB alone:
 * `trim()` also takes U+00A0 and its kind, which browsers let other hosts put into the name of a cookie.
 */
export function stripOws(text: string): string {
  return text.replace(OWS_AROUND, '')
}

/** The media type that a `Content-Type` names, in lower case and without parameters (RFC 9110 §8.3.1). */
export function mediaTypeOf(contentType: string | null): string | undefined {
  return contentType === null ? undefined : stripOws(contentType.split(';')[0] ?? '').toLowerCase()
}
