import { type CredentialKind, canonicalEmail, defineRoute, denialsOf, type Plugin } from '@portcullis/core'
import { z } from 'zod'

const UNREADABLE = 'The certificate does not name one e-mail address as its common name.'
const denials = {
  client_certificate_unreadable: { status: 401, title: 'Unreadable client certificate', detail: UNREADABLE },
} as const
const refuse = denialsOf(denials)
const HEADER = /^x-forwarded-client-cert$/i
const REVOKE = 'client_certificate.revoke'
/** One certificate as Envoy forwards it, without what could be read in two ways: a second element, an escaped comma. */
const FORWARDED = /^(?:By=[^;,"]+;)?Hash=([0-9a-f]{64});Subject="([^"\\;]+)"$/
const isRevoked = (value: unknown): value is true => value === true
const revocation = z.object({ user_email: z.email(), hash: z.string().regex(/^[0-9a-f]{64}$/) })

/** Lets in who has shown a client certificate to a proxy at one of these addresses, by its `x-forwarded-client-cert`. */
export function clientCertificates(
  proxies: readonly string[],
): Plugin<'clientCertificates', { used(): number }> {
  return {
    name: 'clientCertificates',
    collections: ['revoked'],
    denials,
    auditActions: { [REVOKE]: 'essential' },
    check(problems) {
      if (proxies.length === 0) problems.push('clientCertificates: name the proxies to trust')
    },
    start(context) {
      const { clock, partitionOf, roleOf } = context
      let used = 0
      const kind: CredentialKind<{ partition: string; id: string; account: string }, true> = {
        name: 'client_certificate',
        headers: ['x-forwarded-client-cert'],
        pick({ rawHeaders, remoteAddress = '' }) {
          const sent = rawHeaders.filter((_, i) => i % 2 === 1 && HEADER.test(rawHeaders[i - 1] ?? ''))
          return sent.length > 0 && proxies.includes(remoteAddress) ? sent.join() : undefined
        },
        prove(forwarded) {
          const [, id, subject = ''] = FORWARDED.exec(forwarded) ?? []
          const [name, ...more] = subject.split(',').filter((part) => part.startsWith('CN='))
          const account = canonicalEmail(name?.slice(3) ?? '')
          const isClear = id && account && more.length === 0
          if (!isClear) return { ok: false, denial: refuse('client_certificate_unreadable') }
          return { ok: true, value: { partition: partitionOf(account), id, account } }
        },
        records: { collection: 'revoked', read: () => true, mayBeAbsent: true },
        // Its authority would not issue another one when a ban is over.
        issued: ({ partition }, revoked) => ({
          partition,
          issuedAt: undefined,
          isEnded: revoked === true,
          outlivesRevocation: true,
        }),
        denials: { absent: 'token_invalid', ended: 'token_revoked' },
        describe: ({ proof: { account: accountId } }) => {
          const [issuedAt, expiresAt] = [clock(), clock() + 3_600_000]
          return { accountId, role: roleOf(accountId), scopes: ['api'], issuedAt, expiresAt }
        },
        admitted() {
          used += 1
        },
      }
      const revoke = defineRoute({
        method: 'POST',
        path: '/client-certificates/revoke',
        access: 'admin',
        summary: 'Refuse a client certificate from now on',
        body: revocation,
        async handle({ actor, body: { user_email, hash } }) {
          const account = canonicalEmail(user_email) ?? user_email
          const refusal = context.refuseOver(actor, account)
          if (refusal) return refusal
          const by = { actor: actor.account, credential: actor.credential }
          await context.audit({ ...by, action: REVOKE, subject: account, details: { hash } })
          await context.collection('revoked', isRevoked, { account }).put({ id: hash, value: true })
          return Response.json({ user_email: account, hash })
        },
      })
      const metric = { name: 'client_certificates_used_total', help: 'Let in', type: 'counter' } as const
      const tell = () => ({ level: 'info', code: 'client_certificates', detail: `${used} let in` }) as const
      return {
        api: { used: () => used },
        credentialKinds: [kind],
        routes: [revoke],
        jobs: [{ name: 'tell', everySeconds: 86_400, run: async () => context.report(tell()) }],
        metrics: [{ ...metric, read: () => used }],
      }
    },
  }
}
