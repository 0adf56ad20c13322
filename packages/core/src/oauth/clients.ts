import { recognizer } from '../crypto/hash.js'
import { secretProblem } from '../crypto/secrets.js'
import { isConfidential } from '../encoding/loopback.js'
import { lineOf } from '../encoding/text.js'
import { checkMembers } from '../input/check.js'
import { isObject, listOf, type Shape, text } from '../input/kinds.js'
import { GATE_CLIENT_ID, TOKEN_NAME_LENGTH } from '../tokens/token.js'

/** A program that asks for tokens on somebody's behalf (RFC 6749 §2). */
export interface OAuthClient {
  readonly id: string
  /** At least 32 bytes. Without one the client is public. */
  readonly secret?: string
  /**
   * Where the browser may be sent back to: exactly one of these; the port of a loopback address is free (RFC 8252 §7.3).
   */
  readonly redirectUris?: readonly string[]
  /** What people are shown when they are asked, one line of at most 100 characters. Default: the id. */
  readonly name?: string
  /**
   * The scopes that it may be given, of those that the gate knows; more that it asks for are left out. Default: all but
   * `admin`, since some programs ask for whatever a gate has.
   */
  readonly scopes?: readonly string[]
}

/** That of a token: its tokens are listed under it. */
const NAME_LENGTH = TOKEN_NAME_LENGTH

/** The command line client; public, as everybody has it. */
const CLI_CLIENT: OAuthClient = {
  id: 'portcullis-cli',
  name: 'Portcullis CLI',
  redirectUris: ['http://127.0.0.1/callback', 'http://[::1]/callback', 'http://localhost/callback'],
}

const CLIENT: Shape<OAuthClient> = {
  id: text,
  secret: text,
  redirectUris: listOf(text),
  name: text,
  scopes: listOf(text),
}

/** The clients, the built-in one first; what is given by its id changes it. */
export function resolveClients(given: readonly OAuthClient[] = []): readonly OAuthClient[] {
  const cli = given.find(({ id }) => id === CLI_CLIENT.id)
  return Object.freeze([{ ...CLI_CLIENT, ...cli }, ...given.filter((one) => one !== cli)])
}

/** Every problem at once; secrets are never quoted. `known`: every scope of the gate. */
export function checkClients(
  clients: readonly OAuthClient[],
  known: readonly string[],
  problems: string[],
): void {
  const given = clients.map((client, at) =>
    checkMembers(client, CLIENT, problems, { name: `oauth.clients[${at}]`, required: ['id'] }),
  )
  const wrong = (problem: string) => problems.push(`oauth.clients: ${problem}`)
  const ids = given.map(({ id }) => id)
  if (new Set(ids).size < ids.length) wrong('two have the same id')
  for (const { id = '', name, secret, redirectUris = [], scopes = [] } of given) {
    for (const uri of redirectUris)
      if (!isRedirectUri(uri)) wrong(`a redirect URI of ${id} is no https URL, nor http on loopback`)
    if (!/^[\x21-\x39\x3b-\x7e]{1,100}$/.test(id))
      wrong('an id has 1 to 100 visible ASCII characters and no colon')
    if (typeof name === 'string' && lineOf(name, NAME_LENGTH) !== name)
      wrong(`the name of ${id} is not one line of at most ${NAME_LENGTH} characters`)
    if (id === GATE_CLIENT_ID) wrong(`${id} is the id of the gate itself`)
    if (!Array.isArray(scopes) || scopes.some((scope) => !known.includes(scope)))
      wrong(`a scope of ${id} is none of the scopes`)
    const problem = secret === undefined ? undefined : secretProblem(secret)
    if (problem) wrong(`the secret of ${id} is ${problem}`)
  }
}

/** The secrets of clients that were given, whatever else may be wrong with them. */
export function secretsOfClients(given: unknown): readonly string[] {
  const clients: readonly unknown[] = Array.isArray(given) ? given : []
  return clients.flatMap((client) =>
    isObject(client) && typeof client.secret === 'string' ? client.secret : [],
  )
}

function isRedirectUri(text: string): boolean {
  if (!URL.canParse(text) || text.includes('#')) return false
  return isConfidential(new URL(text))
}

/** What of these scopes the client may be given, each once. */
export function scopesForClient({ scopes: own }: OAuthClient, scopes: readonly string[]): readonly string[] {
  const mayHave = (scope: string) => own?.includes(scope) ?? scope !== 'admin'
  return [...new Set(scopes)].filter(mayHave)
}

/** Whether this is the secret of the client, in constant time. A public client has none to give. */
export function isClientSecret({ secret }: OAuthClient, given: string | undefined): boolean {
  if (secret === undefined) return given === undefined || given === ''
  return given !== undefined && recognizer(secret)(given)
}
