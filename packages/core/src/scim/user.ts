import type { PluginContext } from '../plugin/context.js'
import type { PluginRecords } from '../plugin/records.js'
import { collection, hasShape, instant, optional, text, texts, truth } from '../store/collection.js'
import type { Millis, RecordKey, StoredRecord } from '../store/store.js'

/** What a directory may say of a user's name (RFC 7643 §4.1.1); the rest is not kept. */
export const NAME_PARTS = ['formatted', 'familyName', 'givenName'] as const
export type NamePart = (typeof NAME_PARTS)[number]

export interface UserEmail {
  readonly value: string
  readonly type?: string
  readonly primary?: true
}

/** A user as the directory describes it (RFC 7643 §4.1). */
export interface UserAttributes {
  readonly userName: string
  readonly externalId?: string
  readonly displayName?: string
  readonly name?: Readonly<Partial<Record<NamePart, string>>>
  readonly emails: readonly UserEmail[]
  readonly active: boolean
}

export interface UserRecord extends UserAttributes {
  /** Canonical e-mails that this user may log in by: its user name, its primary e-mail. Never of two users at once. */
  readonly accounts: readonly string[]
  readonly createdAt: Millis
  readonly changedAt: Millis
}

export interface User extends UserRecord {
  readonly id: string
  readonly version: string
}

/** One place, so that one commit keeps names and accounts unique. No decision reads it. */
export const SCIM = 'scim'

export function directoryOf(context: Pick<PluginContext, 'records'>): PluginRecords {
  return context.records({ place: SCIM })
}

/** The id of the user who has a user name, which ignores case (RFC 7643 §4.1.1). */
export const userNames = collection<string>('user-names', text, 'claim to a user name')
/** The id of the user who may log in as an account. */
export const userAccounts = collection<string>('accounts', text, 'claim to an account')

function userNameKey(context: PluginContext, userName: string): RecordKey {
  const folded = userName.normalize('NFC').toLowerCase()
  return userNames.key(context.partitionOf(`scim-user-name\u0000${folded}`))
}

function accountKey(context: PluginContext, account: string): RecordKey {
  return userAccounts.key(context.partitionOf(account))
}

/** What only one user may have at a time. */
export function claimsOf(
  context: PluginContext,
  user: Pick<UserRecord, 'userName' | 'accounts'>,
): readonly RecordKey[] {
  return [
    userNameKey(context, user.userName),
    ...user.accounts.map((account) => accountKey(context, account)),
  ]
}

/** Whether the directory has a user who may log in as this account. */
export async function isInDirectory(context: PluginContext, account: string): Promise<boolean> {
  const [claim] = await directoryOf(context).read([accountKey(context, account)])
  return claim !== undefined
}

export function isSameKey(a: RecordKey, b: RecordKey): boolean {
  return a.collection === b.collection && a.id === b.id
}

const isEmail = hasShape<UserEmail>({
  value: text,
  type: optional(text),
  primary: optional((value) => value === true),
})

export const users = collection<UserRecord>(
  'users',
  {
    userName: text,
    externalId: optional(text),
    displayName: optional(text),
    name: optional(
      hasShape<NonNullable<UserRecord['name']>>(
        Object.fromEntries(NAME_PARTS.map((part) => [part, optional(text)])),
      ),
    ),
    emails: (value) => Array.isArray(value) && value.every(isEmail),
    active: truth,
    accounts: texts,
    createdAt: instant,
    changedAt: instant,
  },
  'user of the directory',
)

/** Throws `store_unavailable` for a record that cannot be read. */
export function userOf(stored: StoredRecord): User {
  return { ...users.read(stored), id: stored.id, version: stored.version }
}

export async function findUser(context: PluginContext, id: string): Promise<User | undefined> {
  const [stored] = await directoryOf(context).read([users.key(id)])
  return stored && userOf(stored)
}

export async function findUserByName(context: PluginContext, userName: string): Promise<User | undefined> {
  const [claim] = await directoryOf(context).read([userNameKey(context, userName)])
  return claim && findUser(context, userNames.read(claim))
}
