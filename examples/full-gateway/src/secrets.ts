import { randomBytes } from 'node:crypto'
import { link, mkdir, open, unlink } from 'node:fs/promises'
import path from 'node:path'
import { PortcullisError } from '@portcullis/core'

export interface SecretOptions {
  /** How much randomness a generated secret has; 9 to 64, default 32. */
  readonly bytes?: number
}

/**
 * The secret kept in `dataDir` under `name`, generated at the first call: base64url, in a file that its owner alone can
 * read (mode 600, the directory 700 when it had to be made). Complete or absent at any moment, and one for all: of
 * processes that start together, each gets the same.
 *
 * Not for production, where a secret that each machine makes for itself would divide them; `readSettings` asks for one
 * there. Throws `PortcullisError` `configuration_invalid` when the file can be read by others or is too short, or when
 * the directory cannot be written. The secret itself is in no message.
 */
export async function loadSecret(
  dataDir: string,
  name: string,
  options: SecretOptions = {},
): Promise<string> {
  const bytes = options.bytes ?? 32
  const file = path.join(dataDir, name)
  const kept = await readPrivateFile(file)
  if (kept === undefined) await create(file, randomBytes(bytes).toString('base64url'))
  const secret = (kept ?? (await readPrivateFile(file)) ?? '').trim()
  if (secret.length < Math.ceil((bytes * 4) / 3))
    throw refusal(`${file}: too short to be the secret; restore it, or remove it to have a new one made`)
  return secret
}

/**
 * The text of a key file, such as a PKCS #8 PEM or a JWK. Throws `PortcullisError` `configuration_invalid` when it is
 * missing, empty, or can be read by others than its owner.
 */
export async function loadKeyFile(file: string): Promise<string> {
  const text = await readPrivateFile(file)
  if (text === undefined) throw refusal(`${file}: does not exist; give the path of a PKCS #8 PEM or JWK file`)
  if (text.trim() === '') throw refusal(`${file}: is empty; give a PKCS #8 PEM or JWK file`)
  return text
}

/** Undefined when there is no such file. */
async function readPrivateFile(file: string): Promise<string | undefined> {
  const handle = await open(file, 'r').catch((cause: unknown) => {
    if (codeOf(cause) === 'ENOENT') return undefined
    throw refusal(
      `${file}: cannot be read (${codeOf(cause)}); it has to belong to the user of this process`,
      cause,
    )
  })
  if (handle === undefined) return undefined
  try {
    const { mode, uid } = await handle.stat()
    if ((mode & 0o170000) !== 0o100000) throw refusal(`${file}: is not a file`)
    if (isExposed(mode, uid)) throw refusal(`${file}: can be read by other users; run \`chmod 600 ${file}\``)
    return await handle.readFile('utf8')
  } finally {
    await handle.close()
  }
}

/** Root may share a file with the group, as orchestrators mount secrets for a process that is not root. */
function isExposed(mode: number, uid: number): boolean {
  if (process.platform === 'win32') return false
  return (mode & (uid === 0 && process.getuid?.() !== 0 ? 0o037 : 0o077)) !== 0
}

/** A link is made whole or not at all and never replaces anything, which a rename would. */
async function create(file: string, secret: string): Promise<void> {
  const directory = path.dirname(file)
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const draft = path.join(directory, `.${path.basename(file)}.${randomBytes(8).toString('hex')}`)
  try {
    await writeDurably(draft, `${secret}\n`)
    await link(draft, file).catch((cause: unknown) => {
      if (codeOf(cause) !== 'EEXIST') throw cause
    })
  } catch (cause) {
    throw refusal(
      `${file}: cannot be written (${codeOf(cause)}); set DATA_DIR to a directory that can`,
      cause,
    )
  } finally {
    await unlink(draft).catch(() => {})
  }
  await syncDirectory(directory)
}

async function writeDurably(file: string, text: string): Promise<void> {
  const handle = await open(file, 'wx', 0o600)
  try {
    await handle.writeFile(text)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function syncDirectory(directory: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(directory, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

function codeOf(cause: unknown): string {
  return cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown'
}

function refusal(problem: string, cause?: unknown): PortcullisError {
  return new PortcullisError('configuration_invalid', problem, { cause, problems: [problem] })
}
