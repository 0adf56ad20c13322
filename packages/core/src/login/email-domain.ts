import { canonicalEmail } from '../accounts/account-id.js'
import { type Denial, denial } from '../errors/denial.js'

/** Refuses an account (a canonical e-mail) whose domain is not exactly one of those that are allowed. */
export function refuseEmailDomain(
  { allowedEmailDomains }: { readonly allowedEmailDomains: ReadonlySet<string> | undefined },
  account: string,
): Denial | undefined {
  const isAllowed = !allowedEmailDomains || allowedEmailDomains.has(account.slice(account.indexOf('@') + 1))
  return isAllowed ? undefined : denial('email_domain_refused')
}

const EDGE_OR_PATTERN = /^\.|\.$|[*?,;:/]/

/** Domains in the one spelling that accounts have. Undefined allows all; an empty list would allow nobody, a mistake. */
export function resolveEmailDomains(
  domains: readonly string[] | undefined,
  problems: string[],
): ReadonlySet<string> | undefined {
  if (domains === undefined) return undefined
  if (!Array.isArray(domains) || domains.length === 0) {
    problems.push('allowedEmailDomains: give at least one')
    return undefined
  }
  const canonical = new Set<string>()
  for (const domain of domains as readonly unknown[]) {
    const account = typeof domain === 'string' ? canonicalEmail(`x@${domain.trim()}`) : undefined
    const read = account?.slice('x@'.length)
    if (read === undefined || EDGE_OR_PATTERN.test(read))
      problems.push(`allowedEmailDomains: ${JSON.stringify(domain)} is not a domain such as example.com`)
    else canonical.add(read)
  }
  return canonical
}
