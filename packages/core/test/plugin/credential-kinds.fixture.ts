import type { CredentialKind, Proven } from '../../src/authentication/credential-kind.js'
import type { PluginContext } from '../../src/plugin/context.js'
import type { Plugin } from '../../src/plugin/plugin.js'

const ROBOT_HEADER = 'x-robot'
export const USER = 'ann@example.com'

/** What the record of a robot says. */
export type Robot = {
  readonly createdAt: number
  readonly tokenGeneration?: number
}

export const isRobot = (value: unknown): value is Robot => typeof value === 'object' && value !== null

/** Proves whatever `x-robot` says as the id of a robot of one account; `wrong` it refuses, `strange` is none of its own. */
function robotKind(
  { partitionOf, roleOf, clock }: PluginContext,
  more: Partial<CredentialKind> = {},
): CredentialKind {
  const kind: CredentialKind<Proven, Robot> = {
    name: 'robot',
    headers: ['X-Robot'],
    pick: ({ rawHeaders }) =>
      rawHeaders.find((_, at) => at % 2 === 1 && rawHeaders[at - 1]?.toLowerCase() === ROBOT_HEADER),
    prove(id) {
      if (id === 'strange') return undefined
      return { ok: true, value: { partition: partitionOf(USER), id } }
    },
    records: {
      collection: 'robots',
      read: ({ value }) => {
        if (isRobot(value)) return value
        throw new TypeError('no robot')
      },
    },
    issued: ({ partition }, record) => ({ partition, issuedAt: record?.createdAt }),
    denials: { absent: 'token_invalid', ended: 'token_revoked' },
    describe: ({ record }) => ({
      accountId: USER,
      role: roleOf(USER),
      scopes: ['api'],
      issuedAt: record?.createdAt ?? 0,
      expiresAt: clock() + 3_600_000,
    }),
  }
  return { ...(kind as CredentialKind), ...more }
}

/** A plugin with the kind `robot`, and what it was given. */
export function robots(
  more: Partial<CredentialKind> | ((context: PluginContext) => Partial<CredentialKind>) = {},
  plugin: Partial<Plugin> = {},
): Plugin<'robots', { context: PluginContext }> {
  return {
    collections: ['robots'],
    ...plugin,
    name: 'robots',
    start: (context) => ({
      api: { context },
      credentialKinds: [robotKind(context, typeof more === 'function' ? more(context) : more)],
    }),
  }
}
