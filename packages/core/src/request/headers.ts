/** Every value of a header, by its lower-case name, in the order in which they came. */
export function headerValues(rawHeaders: readonly string[], name: string): string[] {
  const values: string[] = []
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const candidate = rawHeaders[at]
    if (candidate?.length === name.length && candidate.toLowerCase() === name)
      values.push(rawHeaders[at + 1] ?? '')
  }
  return values
}
