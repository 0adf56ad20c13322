import type { CredentialKind, Proven } from '../authentication/credential-kind.js'
import { roleOfGroups, roleOfSession } from '../authorization/roles.js'
import { scopesOf } from '../authorization/scopes.js'
import type { GateContext } from '../context/context.js'
import { denial } from '../errors/denial.js'
import { done, refused } from '../errors/outcome.js'
import { cookieValues } from '../request/cookies.js'
import { cookieNames } from './cookie.js'
import { extendSession } from './extend.js'
import {
  endedSessions,
  handleOf,
  openSession,
  parseCookieValue,
  parseHandle,
  type Session,
  type SessionKey,
  type SessionRecord,
  sessionRecords,
} from './session.js'

interface PresentedSession extends Proven {
  readonly key: SessionKey
}

const recordIdOf = (handle: string) => parseHandle(handle)?.id ?? ''

/** Sessions of browsers: a cookie whose hash finds a record that only the gate can open. */
export function sessionKind(context: GateContext): CredentialKind<PresentedSession, SessionRecord, Session> {
  const cookie = cookieNames(context.options.secure).session
  return {
    name: 'session',
    isOfAccount: true,
    headers: ['cookie'],
    yields: true,
    isSentByBrowsers: true,
    pick(view) {
      const values = cookieValues(view, cookie)
      if (values.size > 1) return denial('session_invalid')
      for (const value of values) return value === '' ? undefined : value
      return undefined
    },
    prove(value) {
      const key = parseCookieValue(value)
      return key ? done({ partition: key.partition, id: handleOf(key), key }) : refused('session_invalid')
    },
    records: { collection: sessionRecords.name, idOf: recordIdOf, read: sessionRecords.read },
    open: ({ key }, _record, stored) => openSession(context, key, stored),
    issued: ({ partition, issuedAt }, record) =>
      record
        ? { partition, issuedAt: record.createdAt, sessionGeneration: record.generation }
        : { partition, issuedAt },
    denials: { absent: 'session_invalid', ended: 'session_invalid', expired: 'session_invalid' },
    describe({ opened }) {
      const { email, name, groups, createdAt, expiresAt } = opened as Session
      const role = roleOfSession(context.roleOf(email), roleOfGroups(groups, context.options.roleByGroup))
      return {
        accountId: email,
        ...(name === undefined ? {} : { name }),
        groups,
        role,
        scopes: scopesOf(context, role),
        issuedAt: createdAt,
        expiresAt,
      }
    },
    admitted({ proof: { key }, stored }) {
      if (!stored) return
      extendSession(context, key, stored).catch((cause: unknown) =>
        context.report({
          level: 'warn',
          code: 'session_unextended',
          detail: 'A session was not extended',
          cause,
        }),
      )
    },
    deadlineIn: ({ expiresAt }) => expiresAt,
    async wasEnded(handle, { partition }) {
      const [ended] = await context.store.read(partition, [endedSessions.key(recordIdOf(handle))])
      return ended !== undefined
    },
  }
}
