export interface MasterKeyOptions {
  /** At least 32 bytes, used for nothing else; only its hash stays in memory. */
  readonly key: string
  /** `administration` (default), or `everything` behind the gate too. */
  readonly scopes?: 'administration' | 'everything'
}
