import type { CredentialKind, Proven } from '../../src/authentication/credential-kind.js'
import type { GateContext } from '../../src/context/context.js'
import { done, refused } from '../../src/errors/outcome.js'
import { headerValues } from '../../src/request/head.js'

export const CERTIFICATE_HEADER = 'x-forwarded-client-cert'
export const REVOKED_CERTIFICATES = 'revoked-certificates'

interface Certificate extends Proven {
  readonly account: string
  readonly issuedAt: number
}

/** What a proxy that has checked a client's certificate says of it. */
export function certificateOf(account: string, { hash = 'ab12', issuedAt = 0 } = {}): string {
  return `Hash=${hash};Email=${account};NotBefore=${issuedAt}`
}

/** Client certificates that a trusted proxy forwards: a kind that the gate does not know, in one place. */
export const certificateKind =
  (more: Partial<CredentialKind<Certificate, true>> = {}) =>
  (context: GateContext): CredentialKind<Certificate, true> => ({
    name: 'client_certificate',
    pick: (view) => headerValues(view.rawHeaders, CERTIFICATE_HEADER)[0],
    prove(forwarded) {
      const [, id, account, issuedAt] = /^Hash=(\w+);Email=([^;]+);NotBefore=(\d+)$/.exec(forwarded) ?? []
      if (!id || !account) return refused('credentials_malformed')
      return done({ partition: context.partitionOf(account), id, account, issuedAt: Number(issuedAt) })
    },
    records: { collection: REVOKED_CERTIFICATES, read: () => true, mayBeAbsent: true },
    issued: ({ partition, issuedAt }, revoked) => ({
      partition,
      issuedAt,
      isEnded: revoked !== undefined,
    }),
    denials: { absent: 'token_invalid', ended: 'token_revoked' },
    describe: ({ proof: { account, issuedAt } }) => ({
      accountId: account,
      role: context.roleOf(account),
      scopes: ['api'],
      issuedAt,
      expiresAt: context.clock() + 3_600_000,
    }),
    ...more,
  })
