import { createHash, timingSafeEqual } from 'node:crypto'
import {
  type Actor,
  type CredentialKind,
  canonicalAccount,
  type Denial,
  defineRoute,
  denialsOf,
  type Plugin,
  PortcullisError,
  type Proven,
} from '@portcullis/core'
import { z } from 'zod'

const HEADER = 'x-robot-key'
/** Names the key, says where the records of its account are, proves it. */
const KEY = /^([\w-]{12})\.([\w-]{22})\.([\w-]{43})$/
const LIFETIME_MS = 90 * 86_400_000

const denials = {
  robot_key_unreadable: { status: 401, title: 'Unreadable robot key', detail: 'Send one x-robot-key.' },
  robot_key_invalid: { status: 401, title: 'Invalid robot key', detail: 'There is no such key any more.' },
  robot_key_not_found: { status: 404, title: 'No such key', detail: 'The account has no such robot key.' },
} as const
const refuse = denialsOf(denials)

type RobotKey = {
  account: string
  hash: string
  createdAt: number
  expiresAt: number
  tokenGeneration: number
}

const isRobotKey = (value: unknown): value is RobotKey =>
  typeof value === 'object' && value !== null && 'hash' in value && 'tokenGeneration' in value

interface PresentedKey extends Proven {
  readonly secret: string
}

const sha256 = (secret: string) => createHash('sha256').update(secret).digest()

/** Keys that people issue to robots of theirs, in a header of their own. Each works for 90 days, or until it is revoked. */
export function robotKeys(): Plugin<'robotKeys', undefined> {
  return {
    name: 'robotKeys',
    collections: ['keys'],
    denials,
    auditActions: { 'robot_key.issue': 'ordinary', 'robot_key.revoke': 'essential' },
    start(context) {
      const kind: CredentialKind<PresentedKey, RobotKey, RobotKey> = {
        name: 'robot_key',
        headers: [HEADER],
        description: 'A key of a robot, as `POST /robot-keys` issues it.',
        pick({ rawHeaders }) {
          const sent = rawHeaders.filter(
            (_, at) => at % 2 === 1 && rawHeaders[at - 1]?.toLowerCase() === HEADER,
          )
          return sent.length > 1 ? refuse('robot_key_unreadable') : sent[0]
        },
        prove(key) {
          const [, id, partition, secret] = KEY.exec(key) ?? []
          if (!id || !partition || !secret) return { ok: false, denial: refuse('robot_key_unreadable') }
          return { ok: true, value: { id, partition, secret } }
        },
        records: {
          collection: 'keys',
          read({ value }) {
            if (isRobotKey(value)) return value
            throw new PortcullisError('store_unavailable', 'The record of a robot key cannot be read')
          },
        },
        open: ({ secret }, record) =>
          timingSafeEqual(sha256(secret), Buffer.from(record.hash, 'hex')) ? record : undefined,
        issued: ({ partition }, record) => ({
          partition,
          issuedAt: record?.createdAt,
          ...(record && { tokenGeneration: record.tokenGeneration }),
        }),
        denials: { absent: 'robot_key_invalid', ended: 'robot_key_invalid', expired: 'robot_key_invalid' },
        describe({ opened }) {
          const { account, createdAt, expiresAt } = opened as RobotKey
          const role = context.roleOf(account)
          return { accountId: account, role, scopes: ['api'], issuedAt: createdAt, expiresAt }
        },
      }

      const issue = defineRoute({
        method: 'POST',
        path: '/robot-keys',
        access: 'account',
        summary: 'Issue a key to a robot of one’s own',
        status: 201,
        async handle({ actor: by }) {
          const { account } = by
          const [id, secret, createdAt] = [context.randomId(9), context.randomId(32), context.clock()]
          const expiresAt = createdAt + LIFETIME_MS
          const hash = sha256(secret).toString('hex')
          const deed = { action: 'robot_key.issue', by, subject: account, details: { id } } as const
          const issued = await context.audited(deed, () =>
            context.issue<RobotKey>({
              account,
              collection: 'keys',
              id,
              record: ({ tokenGeneration }) => ({
                value: { account, hash, createdAt, expiresAt, tokenGeneration },
                sort: createdAt,
                expiresAt,
              }),
            }),
          )
          if (!issued.ok) return issued.denial
          const key = `${id}.${context.partitionOf(account)}.${secret}`
          return Response.json({ id, key, expires_at: Math.floor(expiresAt / 1000) }, { status: 201 })
        },
      })

      async function revoke(by: Actor, account: string, id: string): Promise<Response | Denial> {
        const refusal = context.refuseOver(by, account)
        if (refusal) return refusal
        const keys = context.collection('keys', isRobotKey, { account })
        if (!(await keys.get(id))) return refuse('robot_key_not_found')
        const deed = { action: 'robot_key.revoke', by, subject: account, details: { id } } as const
        await context.audited(deed, async () => {
          return { ok: true, value: await keys.delete(id, { isRevocation: true }) }
        })
        return Response.json({ id })
      }

      const revokeOwn = defineRoute({
        method: 'POST',
        path: '/robot-keys/revoke',
        access: 'account',
        summary: 'Revoke a key of one’s own',
        body: z.strictObject({ id: z.string() }),
        handle: ({ actor, body }) => revoke(actor, actor.account, body.id),
      })
      const revokeAny = defineRoute({
        method: 'POST',
        path: '/robot-keys/revoke-any',
        access: 'admin',
        summary: 'Revoke a key of any account',
        body: z.strictObject({ user_email: z.string(), id: z.string() }),
        handle: ({ actor, body: { user_email, id } }) =>
          revoke(actor, canonicalAccount(user_email) ?? user_email, id),
      })
      return { credentialKinds: [kind], routes: [issue, revokeOwn, revokeAny] }
    },
  }
}
