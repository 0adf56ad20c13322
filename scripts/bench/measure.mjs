/**
 * Runs every variant once a round, each round beginning with another one, so that a noisy moment of the machine hits
 * all of them alike.
 *
 * @template {string} V
 * @template T
 * @param {readonly V[]} variants
 * @param {number} rounds
 * @param {(variant: V) => Promise<T>} run
 * @returns {Promise<Record<V, T[]>>} the results of each variant, by round
 */
export async function interleave(variants, rounds, run) {
  /** @type {Map<V, T[]>} */
  const results = new Map(variants.map((each) => [each, []]))
  for (let round = 0; round < rounds; round++) {
    const first = round % variants.length
    for (const variant of [...variants.slice(first), ...variants.slice(0, first)])
      results.get(variant)?.push(await run(variant))
  }
  return /** @type {Record<V, T[]>} */ (Object.fromEntries(results))
}

/** @param {readonly number[]} values */
export function median(values) {
  return percentile(values, 0.5)
}

/**
 * @param {readonly number[]} values
 * @param {number} part from 0 to 1
 */
export function percentile(values, part) {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN
}

/**
 * The median over the rounds of one variant's figure divided by another's.
 *
 * @param {readonly number[]} values
 * @param {readonly number[]} base
 */
export function medianRatio(values, base) {
  return median(values.map((value, round) => value / (base[round] ?? Number.NaN)))
}

/**
 * @template T
 * @param {() => Promise<T>} act
 * @returns {Promise<{ ms: number, result: T }>}
 */
export async function timed(act) {
  const start = performance.now()
  const result = await act()
  return { ms: performance.now() - start, result }
}
