/** Asks again and again until `holds`; answers how many milliseconds it took, or fails with `promise` past `withinMs`. */
export async function until(
  promise: string,
  withinMs: number,
  holds: () => boolean | Promise<boolean>,
  everyMs = 10,
): Promise<number> {
  const start = performance.now()
  for (;;) {
    if (await holds()) return performance.now() - start
    if (performance.now() - start > withinMs) throw new Error(`not within ${withinMs} ms: ${promise}`)
    await new Promise((resolve) => setTimeout(resolve, everyMs))
  }
}
