import { randomBytes } from 'node:crypto'
import { mkdir, open, stat, unlink } from 'node:fs/promises'
import path from 'node:path'

/** A disk that hangs, such as a network file system whose server is gone, has to be an error too. */
const PATIENCE_MS = 1000
/** What a first start writes, and then some. */
const PROBE_BYTES = 262_144

/** What is wrong with a directory that has to take files, or undefined: found out by writing one. `setting` names it. */
export async function directoryProblem(
  setting: 'DATA_DIR' | 'WITNESS_DIR',
  directory: string,
): Promise<string | undefined> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve('does not answer within a second'), PATIENCE_MS)
  })
  const probed = probe(directory).then(
    () => undefined,
    (cause: unknown) => REASONS[codeOf(cause)] ?? `cannot be used (${codeOf(cause)})`,
  )
  const reason = await Promise.race([probed, late]).finally(() => clearTimeout(timer))
  return reason && `${setting}: ${directory} ${reason}; give a directory that this process may write`
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'may not be written by the user of this process',
  EPERM: 'may not be written by the user of this process',
  EROFS: 'is on a read-only file system',
  ENOSPC: 'is on a disk that is full',
  EDQUOT: 'is over the quota of its disk',
  ENOENT: 'cannot be made',
  ENOTDIR: 'is not a directory',
  EEXIST: 'is not a directory',
}

async function probe(directory: string): Promise<void> {
  await make(path.resolve(directory))
  const file = path.join(directory, `.probe-${randomBytes(8).toString('hex')}`)
  const handle = await open(file, 'wx', 0o600)
  try {
    await handle.writeFile(Buffer.alloc(PROBE_BYTES, 1))
    await handle.sync()
  } finally {
    await handle.close()
    await unlink(file).catch(() => {})
  }
}

/** With its parents. What Node calls recursive never ends below `/proc`, and holds one of its few threads. */
async function make(directory: string): Promise<void> {
  try {
    await mkdir(directory, { mode: 0o700 })
  } catch (cause) {
    const isThere = await stat(directory).then(
      (found) => found.isDirectory(),
      () => false,
    )
    if (isThere) return
    const parent = path.dirname(directory)
    const isParentMissing = await stat(parent).then(
      () => false,
      (reason: unknown) => codeOf(reason) === 'ENOENT',
    )
    if (codeOf(cause) !== 'ENOENT' || !isParentMissing) throw cause
    await make(parent)
    await make(directory)
  }
}

function codeOf(cause: unknown): string {
  return cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown'
}
