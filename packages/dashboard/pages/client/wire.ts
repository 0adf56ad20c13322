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

/** What is asked for: a token or a key. */
export interface MintWish {
  readonly name?: string
  /** Absent: it does not expire, which only a key may. */
  readonly expires_in?: number
  readonly scopes?: readonly string[]
}

export interface MintRequest extends MintWish {
  /** The same for every attempt at the same one. */
  readonly idempotencyKey: string
}

export const SNIPPETS = ['curl', 'claude_code', 'roo_code', 'openai_sdk'] as const
export type Usage = Readonly<Partial<Record<(typeof SNIPPETS)[number], string>>>

export interface MintedToken {
  readonly token: string
  readonly token_id: string
  readonly token_name: string
  readonly expires_at: number
  readonly scopes: readonly string[]
  readonly usage_instructions: Usage
}

/** What is known of a token and of a key alike. */
export interface Issued {
  readonly scopes: readonly string[]
  readonly created_at: number
  readonly expires_at?: number
  readonly last_used_at?: number
}

export interface TokenInfo extends Issued {
  readonly token_id: string
  readonly token_name: string
  readonly status: 'active' | 'expired' | 'revoked'
}

export interface TokenPage {
  readonly tokens: readonly TokenInfo[]
  readonly next_cursor?: string
}

export interface KeyInfo extends Issued {
  /** The first characters of the key, which tell it from others and are of no use alone. */
  readonly key_id: string
  readonly key_name: string
}

export interface KeyList {
  readonly keys: readonly KeyInfo[]
}

export interface CreatedKey extends KeyInfo {
  readonly key: string
}
