import { PortcullisError } from '@portcullis/core'
import { readClientsFile, readIssuersFile } from './credentials.js'
import { dataDirProblem } from './data-dir.js'
import { FIELDS } from './settings/fields.js'
import { readSettings, type Settings } from './settings.js'
import { readSigningKey } from './signing.js'

type Environment = Readonly<Record<string, string | undefined>>

/**
 * The settings, once everything that they name has been looked at: key files, lists of issuers and clients, the data
 * directory. Throws `PortcullisError` `configuration_invalid` whose `problems` names all that is wrong, with the variables and
 * with the files alike.
 */
export async function loadSettings(env: Environment): Promise<Settings> {
  const problems: string[] = []
  const settings = await collect(problems, async () => readSettings(env))
  await collectFileProblems(env, problems)
  const directory = settings && needsDataDir(settings) ? await dataDirProblem(settings.dataDir) : undefined
  if (directory !== undefined) problems.push(directory)
  if (settings && problems.length === 0) return withUsableWitness(settings, Boolean(env.WITNESS_DIR?.trim()))
  throw new PortcullisError('configuration_invalid', `The gateway cannot start: ${problems.join('; ')}`, {
    problems,
  })
}

const WITHOUT_WITNESS =
  'DATA_DIR cannot be written, so nothing remembers what Redis must still have: data that it loses while no gateway runs goes unnoticed; set WITNESS_DIR to a directory that can'

/** A container whose file system is read-only may still stand in front of a Redis. */
async function withUsableWitness(settings: Settings, isChosen: boolean): Promise<Settings> {
  const { witnessDir, store, warnings } = settings
  const isOptional = store.kind !== 'embedded' && !isChosen
  if (!isOptional || witnessDir === undefined || (await dataDirProblem(witnessDir)) === undefined)
    return settings
  return { ...settings, witnessDir: undefined, warnings: [...warnings, WITHOUT_WITNESS] }
}

/** Also with settings that are wrong elsewhere, so that one start tells of everything. */
async function collectFileProblems(env: Environment, problems: string[]): Promise<void> {
  const keyFiles = FIELDS.JWT_KEY_FILE.safeParse(env.JWT_KEY_FILE?.trim() || undefined)
  for (const path of keyFiles.success ? keyFiles.data : [])
    await collect(problems, () => readSigningKey(path))
  await collect(problems, () => readIssuersFile(env.TRUSTED_ISSUERS_FILE?.trim() || undefined))
  await collect(problems, () => readClientsFile(env.OAUTH_CLIENTS_FILE?.trim() || undefined))
}

/** Whether anything is kept there: records, or a secret that nobody has set. */
function needsDataDir({ store, signing, sessionSecrets, identity }: Settings): boolean {
  return (
    store.kind === 'embedded' ||
    signing.kind === 'generated' ||
    sessionSecrets === undefined ||
    identity.kind === 'demo'
  )
}

async function collect<T>(problems: string[], read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read()
  } catch (error) {
    if (!(error instanceof PortcullisError)) throw error
    problems.push(...error.problems)
    return undefined
  }
}
