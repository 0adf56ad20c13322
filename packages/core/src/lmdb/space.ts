import { statfsSync } from 'node:fs'
import { statfs } from 'node:fs/promises'

/** So old may the knowledge be before it is renewed, in the background. */
const EXAMINED_EVERY_MS = 500

/** Whether the file system has room for ordinary records beyond the reserve. */
export interface Space {
  /** As of the last half second or so; never waits. */
  readonly isShort: boolean
}

/** Watches the free space of a directory's file system. One that cannot be asked is taken to have room. */
export function watchSpace(directory: string, reserveBytes: number): Space {
  let isShort = false
  let examinedAt = performance.now()
  let isExamining = false
  const conclude = ({ bavail, bsize }: { bavail: number; bsize: number }) => {
    isShort = bavail * bsize < reserveBytes
  }
  try {
    conclude(statfsSync(directory))
  } catch {}
  const examine = async () => {
    isExamining = true
    try {
      conclude(await statfs(directory))
    } catch {
    } finally {
      examinedAt = performance.now()
      isExamining = false
    }
  }
  return {
    get isShort() {
      if (reserveBytes > 0 && !isExamining && performance.now() - examinedAt > EXAMINED_EVERY_MS)
        void examine()
      return isShort
    },
  }
}
