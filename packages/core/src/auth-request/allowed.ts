import type { Identity } from '../authentication/identity.js'
import { type Denial, denial } from '../errors/denial.js'

/** Who of those that are let in a place is for, as oauth2-proxy has it: each list that is given has to name the caller. */
export interface Allowed {
  /** Exactly; tokens and API keys carry no groups. */
  readonly groups?: readonly string[] | undefined
  /** Canonical. */
  readonly emails?: readonly string[] | undefined
  /** Exactly, or with `.` or `*.` before it the domain and those below it. */
  readonly emailDomains?: readonly string[] | undefined
}

/** Why a place is not for somebody: `group_insufficient` or `account_not_listed`. */
export function refuseUnlisted(
  { groups, emails, emailDomains }: Allowed,
  { accountId, groups: own }: Pick<Identity, 'accountId' | 'groups'>,
): Denial | undefined {
  if (groups && !groups.some((group) => own.includes(group))) return denial('group_insufficient')
  if (emails && !emails.includes(accountId)) return denial('account_not_listed')
  const domain = domainOf(accountId)
  const isOfDomain = emailDomains?.some((allowed) => matchesDomain(domain, allowed.toLowerCase())) ?? true
  return isOfDomain ? undefined : denial('account_not_listed')
}

/** Empty where an account has no address: a subject of another issuer that ends like a domain is of none. */
function domainOf(accountId: string): string {
  const at = accountId.lastIndexOf('@')
  return at < 0 ? '' : accountId.slice(at + 1)
}

function matchesDomain(domain: string, allowed: string): boolean {
  const parent = /^(?:\*?\.)(.+)$/.exec(allowed)?.[1]
  if (domain === '') return false
  return domain === (parent ?? allowed) || (parent !== undefined && domain.endsWith(`.${parent}`))
}
