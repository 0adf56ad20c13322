export interface DashboardOptions {
  /** What the page calls the service, in its header and title. Plain text. Default `Portcullis`. */
  readonly productName?: string
  /**
   * Origins, besides its own, that logging out may lead through: that of the identity provider when the gate hands the
   * log-out on to it (RP-initiated logout). Browsers hold the redirects of a form to `form-action`
   * (CSP Level 3 §6.4.2), so that without this the browser stops at the gate: logged out here, not there.
   */
  readonly signOutOrigins?: readonly string[]
}

/** Options that pages cannot be made of; `problems` names all that is wrong. */
export class DashboardOptionsError extends TypeError {
  override readonly name = 'DashboardOptionsError'
  readonly code = 'configuration_invalid'
  constructor(readonly problems: readonly string[]) {
    super(`The pages cannot be served: ${problems.join('; ')}`)
  }
}

const KNOWN: readonly string[] = ['productName', 'signOutOrigins'] satisfies (keyof DashboardOptions)[]

/** Throws `DashboardOptionsError` for options that are unknown or of another kind. */
export function checkOptions(options: DashboardOptions): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw new DashboardOptionsError(['dashboard: give an object'])
  const problems = Object.keys(options)
    .filter((name) => !KNOWN.includes(name))
    .map((name) => `dashboard.${name}: unknown; there are ${KNOWN.join(' and ')}`)
  const { productName, signOutOrigins = [] }: { productName?: unknown; signOutOrigins?: unknown } = options
  if (productName !== undefined && typeof productName !== 'string')
    problems.push('dashboard.productName: give a text')
  if (!Array.isArray(signOutOrigins)) problems.push('dashboard.signOutOrigins: give an array')
  else
    for (const [at, entry] of signOutOrigins.entries())
      if (!isOrigin(entry)) problems.push(`dashboard.signOutOrigins[${at}]: give an http: or https: origin`)
  if (problems.length > 0) throw new DashboardOptionsError(problems)
}

function isOrigin(text: unknown): boolean {
  return typeof text === 'string' && URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)
}
