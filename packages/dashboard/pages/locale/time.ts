const UNITS = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
] as const

/** The reader's own variety of a language, for the order of dates: British for someone who reads British English. */
function regional(language: string): string {
  return navigator.languages.find((tag) => tag.slice(0, 2) === language) ?? language
}

/** A span of whole seconds in its largest unit that divides it: `30 days`, `90 minutes`. */
export function duration(seconds: number, language: string): string {
  const [unit, size] = UNITS.find(([, size]) => seconds % size === 0 && seconds >= size) ?? ['second', 1]
  return new Intl.NumberFormat(regional(language), { style: 'unit', unit, unitDisplay: 'long' }).format(
    seconds / size,
  )
}

/**
 * How far an instant (Unix seconds) is from now (epoch milliseconds): `in 30 days`, `2 hours ago`. Under a minute it is
 * `now`: the page is not drawn anew every second, and clocks differ by some.
 */
export function relative(at: number, now: number, language: string): string {
  const seconds = Math.round(at - now / 1000)
  const [unit, size] = UNITS.find(([, size]) => Math.abs(seconds) >= Math.max(size, 60)) ?? [
    'second',
    Infinity,
  ]
  return new Intl.RelativeTimeFormat(regional(language), { numeric: 'auto' }).format(
    Math.round(seconds / size),
    unit,
  )
}

/** An instant (Unix seconds) as date and time where the reader is. */
export function absolute(at: number, language: string): string {
  return new Intl.DateTimeFormat(regional(language), { dateStyle: 'medium', timeStyle: 'short' }).format(
    at * 1000,
  )
}
