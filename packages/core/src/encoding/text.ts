const CONTROL_OR_BIDI = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\u2028\u2029]+/gu

/**
 * What somebody else says of a person or a program (display names, user agents) as it is kept: one line of plain text
 * without control or direction-changing characters, of which the first `maxLength` characters stay. Never for a name that
 * something is found or decided by.
 */
export function boundedText(text: string, maxLength: number): string {
  return [...oneLine(text.slice(0, maxLength * 4))].slice(0, maxLength).join('').trim()
}

/** As `boundedText`, for what people type: undefined when it is longer, since what was cut would not be what they gave. */
export function lineOf(text: string, maxLength: number): string | undefined {
  const line = oneLine(text)
  // One or two units make a character.
  return line.length <= 2 * maxLength && [...line].length <= maxLength ? line : undefined
}

function oneLine(text: string): string {
  return text.replace(CONTROL_OR_BIDI, ' ').replace(/\s+/g, ' ').trim()
}
