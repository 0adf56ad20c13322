/** The accounts of the demo identity provider, with the claims that they bring. */
export const ACCOUNTS = [
  account('demo-admin', 'admin@example.com', 'Ada Admin', ['admins']),
  account('demo-user', 'user@example.com', 'Uma User', ['users']),
] as const

export interface Account {
  readonly sub: string
  readonly email: string
  readonly email_verified: boolean
  readonly name: string
  readonly groups: readonly string[]
}

export function findBySubject(subject: string): Account | undefined {
  return ACCOUNTS.find(({ sub }) => sub === subject)
}

export function findByEmail(email: string): Account | undefined {
  return ACCOUNTS.find((account) => account.email === email.trim().toLowerCase())
}

function account(sub: string, email: string, name: string, groups: readonly string[]): Account {
  return { sub, email, email_verified: true, name, groups }
}
