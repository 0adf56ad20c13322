import { PortcullisError } from '../errors/portcullis-error.js'
import type { Clock } from '../store/store.js'

const PROBLEM = 'clock: give a function that answers milliseconds as a finite number'

/**
 * The clock of the gate: `Date.now`, or one of the program's own, tried now. Should that later answer no finite number, it
 * throws `configuration_invalid` that names the clock: any comparison with NaN is false, and nothing would ever expire.
 */
export function readClock(given: Clock | undefined, problems: string[]): Clock {
  if (given === undefined) return Date.now
  const clock = () => {
    const now: unknown = given()
    if (typeof now !== 'number' || !Number.isFinite(now))
      throw new PortcullisError('configuration_invalid', PROBLEM, { problems: [PROBLEM] })
    return now
  }
  try {
    clock()
  } catch {
    problems.push(PROBLEM)
  }
  return clock
}
