/**
 * The known name that an unknown one was probably meant to be: the same letters with other underscores, or, for names
 * of eight letters and more, at most one slip (two from twelve letters on). Undefined when nothing is that close.
 */
export function suggestName(unknown: string, known: readonly string[]): string | undefined {
  const letters = lettersOf(unknown)
  return known.find((name) => {
    const target = lettersOf(name)
    if (letters === target) return true
    return countSlips(letters, target) <= toleranceFor(Math.min(letters.length, target.length))
  })
}

function lettersOf(name: string): string {
  return name.toUpperCase().replace(/[^A-Z\d]/g, '')
}

function toleranceFor(length: number): number {
  if (length < 8) return 0
  return length < 12 ? 1 : 2
}

/** Insertions, deletions, substitutions and swaps of neighbours: optimal string alignment distance. */
function countSlips(from: string, to: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (let row = 1; row <= from.length; row++) {
    const current = [row]
    for (let column = 1; column <= to.length; column++) {
      const isSame = from[row - 1] === to[column - 1]
      const isSwap = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1]
      current[column] = Math.min(
        at(last, column) + 1,
        at(current, column - 1) + 1,
        at(last, column - 1) + (isSame ? 0 : 1),
        isSwap ? at(beforeLast, column - 2) + 1 : Number.POSITIVE_INFINITY,
      )
    }
    beforeLast = last
    last = current
  }
  return at(last, to.length)
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY
}
