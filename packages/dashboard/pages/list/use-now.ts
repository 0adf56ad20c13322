import { useEffect, useState } from 'react'

const EVERY_MS = 30_000

/** The time (epoch milliseconds), renewed twice a minute: relative times and expiry stay true on a page left open. */
export function useNow(): number {
  const [now, setNow] = useState(Date.now)
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), EVERY_MS)
    return () => clearInterval(timer)
  }, [])
  return now
}
