import {
  chmod,
  link,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { loadKeyFile, loadSecret } from '../src/secrets.js'

let root: string
let dataDir: string

beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'portcullis-secrets-'))
  dataDir = path.join(root, 'nested', '.data')
})
afterEach(() => rm(root, { recursive: true, force: true }))

const modeOf = async (file: string) => ((await stat(file)).mode & 0o777).toString(8)

const refusalOf = (loading: Promise<unknown>) =>
  loading.then(
    () => expect.unreachable(),
    (error: unknown) => error,
  )

describe('a generated secret', () => {
  it('is 32 random bytes, in a file that its owner alone can read, in a directory likewise', async () => {
    const secret = await loadSecret(dataDir, 'session-secret')
    expect(Buffer.from(secret, 'base64url')).toHaveLength(32)
    expect(secret).toMatch(/^[\w-]{43}$/)
    expect(await modeOf(path.join(dataDir, 'session-secret'))).toBe('600')
    expect(await modeOf(dataDir)).toBe('700')
    expect(await readdir(dataDir)).toEqual(['session-secret'])
  })

  it('is the same ever after, and another under another name', async () => {
    const secret = await loadSecret(dataDir, 'one')
    expect(await loadSecret(dataDir, 'one')).toBe(secret)
    expect(await loadSecret(dataDir, 'other')).not.toBe(secret)
  })

  it('can be short enough to be typed', async () => {
    expect(await loadSecret(dataDir, 'demo-password', { bytes: 9 })).toMatch(/^[\w-]{12}$/)
  })

  it('stays private whatever the umask', async () => {
    const before = process.umask(0)
    try {
      await loadSecret(dataDir, 'one')
    } finally {
      process.umask(before)
    }
    expect(await modeOf(path.join(dataDir, 'one'))).toBe('600')
    expect(await modeOf(dataDir)).toBe('700')
  })

  it('is one for all who race for it', async () => {
    const secrets = await Promise.all(Array.from({ length: 50 }, () => loadSecret(dataDir, 'raced')))
    expect(new Set(secrets).size).toBe(1)
    expect(await readdir(dataDir)).toEqual(['raced'])
  })

  it('never replaces one that another process has just made', async () => {
    await mkdir(dataDir, { recursive: true })
    const theirs = 'x'.repeat(43)
    const draft = path.join(dataDir, 'draft')
    await writeFile(draft, theirs, { mode: 0o600 })
    const [ours] = await Promise.all([
      loadSecret(dataDir, 'raced'),
      link(draft, path.join(dataDir, 'raced')).catch(() => {}),
    ])
    expect(await readFile(path.join(dataDir, 'raced'), 'utf8')).toContain(ours)
  })

  it('leaves no draft behind when it cannot be kept', async () => {
    const blocked = path.join(root, 'a-file')
    await writeFile(blocked, '')
    const error = await refusalOf(loadSecret(blocked, 'one'))
    expect(error).toMatchObject({
      code: 'configuration_invalid',
      problems: [expect.stringContaining('ENOTDIR')],
    })
  })
})

describe('a secret file', () => {
  const keep = async (content: string, mode: number) => {
    await mkdir(dataDir, { recursive: true })
    const file = path.join(dataDir, 'kept')
    await writeFile(file, content)
    await chmod(file, mode)
    return file
  }

  it.each([0o640, 0o604, 0o660, 0o602])(
    'of mode %o is refused, with the command that mends it',
    async (mode) => {
      const canary = 'canary'.repeat(8)
      const file = await keep(canary, mode)
      const error = await refusalOf(loadSecret(dataDir, 'kept'))
      expect(error).toMatchObject({
        code: 'configuration_invalid',
        problems: [expect.stringContaining(`chmod 600 ${file}`)],
      })
      expect(String(error)).not.toContain('canary')
    },
  )

  it.each([0o600, 0o400])('of mode %o is read, without the line break at its end', async (mode) => {
    await keep(`${'s'.repeat(43)}\n`, mode)
    expect(await loadSecret(dataDir, 'kept')).toBe('s'.repeat(43))
  })

  it.each(['', '\n', 'half a secret'])('that holds %j is refused and not replaced', async (content) => {
    const file = await keep(content, 0o600)
    expect(await refusalOf(loadSecret(dataDir, 'kept'))).toMatchObject({
      problems: [expect.stringContaining('too short')],
    })
    expect(await readFile(file, 'utf8')).toBe(content)
  })

  it('that is a directory is refused', async () => {
    await mkdir(path.join(dataDir, 'kept'), { recursive: true })
    expect(await refusalOf(loadSecret(dataDir, 'kept'))).toMatchObject({
      problems: [expect.stringContaining('not a file')],
    })
  })
})

describe('a key file', () => {
  const PEM = '-----BEGIN PRIVATE KEY-----\ncanary\n-----END PRIVATE KEY-----\n'
  const keep = async (content: string, mode: number) => {
    const file = path.join(root, 'key.pem')
    await writeFile(file, content)
    await chmod(file, mode)
    return file
  }

  it('is returned as it is, also through a symbolic link', async () => {
    const file = await keep(PEM, 0o600)
    await symlink(file, path.join(root, 'linked.pem'))
    expect(await loadKeyFile(file)).toBe(PEM)
    expect(await loadKeyFile(path.join(root, 'linked.pem'))).toBe(PEM)
  })

  it('that others can read is refused, without quoting it', async () => {
    const error = await refusalOf(loadKeyFile(await keep(PEM, 0o644)))
    expect(String(error)).toContain('chmod 600')
    expect(String(error)).not.toContain('canary')
  })

  it('that is missing or empty is refused, and none is made', async () => {
    expect(await refusalOf(loadKeyFile(path.join(root, 'none.pem')))).toMatchObject({
      code: 'configuration_invalid',
    })
    expect(await readdir(root)).toEqual([])
    expect(String(await refusalOf(loadKeyFile(await keep(' \n', 0o600))))).toContain('is empty')
  })
})
