const CONTROL_OR_BIDI = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\u2028\u2029]+/gu

/**
 * What people type (token names, reasons, user agents) as it is kept: one line of plain text without control or
 * direction-changing characters, at most `maxLength` characters.
 */
export function boundedText(text: string, maxLength: number): string {
  const line = text
    .slice(0, maxLength * 4)
    .replace(CONTROL_OR_BIDI, ' ')
    .replace(/\s+/g, ' ')
    .trim()
  return [...line].slice(0, maxLength).join('').trim()
}
