/** The part of the HTTP API that this page speaks. `*_at` are Unix seconds, durations are seconds. */
export interface UserInfo {
  readonly user: string
  readonly email: string
  readonly name?: string
  readonly groups: readonly string[]
  readonly role: 'user' | 'admin' | 'super_admin'
  readonly expires_at: number
}

export interface TokenOptions {
  readonly scopes: readonly ScopeOption[]
  readonly min_expires_in: number
  readonly max_expires_in: number
  readonly default_expires_in: number
  readonly max_name_length: number
}

export interface ScopeOption {
  readonly scope: string
  readonly description: string
  readonly default: boolean
}

export interface TokenRequest {
  readonly token_name?: string
  readonly expires_in: number
  readonly scopes?: readonly string[]
}

export const SNIPPETS = ['curl', 'claude_code', 'roo_code', 'openai_sdk'] as const

export interface MintedToken {
  readonly token: string
  readonly token_id: string
  readonly token_name: string
  readonly expires_at: number
  readonly scopes: readonly string[]
  readonly usage_instructions: Readonly<Partial<Record<(typeof SNIPPETS)[number], string>>>
}

export interface TokenInfo {
  readonly token_id: string
  readonly token_name: string
  readonly scopes: readonly string[]
  readonly created_at: number
  readonly expires_at: number
  readonly last_used_at?: number
  readonly status: 'active' | 'expired' | 'revoked'
}

export interface TokenPage {
  readonly tokens: readonly TokenInfo[]
  readonly next_cursor?: string
}
