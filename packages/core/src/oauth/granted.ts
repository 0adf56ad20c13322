/** What the token endpoint answers (RFC 6749 §5.1). */
export interface GrantedTokens {
  readonly accessToken: string
  readonly expiresInSeconds: number
  readonly refreshToken: string
  readonly scopes: readonly string[]
}
