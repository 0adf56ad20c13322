const UNITS = [
  ['year', 31_536_000],
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

/** From how many seconds on a distance is told in a unit: one and a half years are told in days. */
const LEAST = { year: 2 * 31_536_000, day: 86_400, hour: 3_600, minute: 60, second: 60 } as const

/**
 * How far an instant (Unix seconds) is from now (epoch milliseconds): `in 30 days`, `2 hours ago`. Under a minute it is
 * `now`: the page is not drawn anew every second, and clocks differ by some.
 */
export function relative(at: number, now: number, language: string): string {
  const exact = Math.round(at - now / 1000)
  // In whole minutes, so that what is an hour but for a second is told as an hour.
  const seconds = Math.abs(exact) < 60 ? exact : Math.round(exact / 60) * 60
  const [unit, size] = UNITS.find(([unit]) => Math.abs(seconds) >= LEAST[unit]) ?? ['second', Infinity]
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
