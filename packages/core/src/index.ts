export { canonicalAccount, canonicalEmail } from './account.js'
export type { CreatedApiKey } from './api-keys/add.js'
export type { ApiKeyToCreate } from './api-keys/create.js'
export type { ApiKeyInfo } from './api-keys/key.js'
export type { AuditCheckpoint } from './audit/checkpoint.js'
export type { AuditAction, AuditEntry } from './audit/entry.js'
export type { PrunedAudit } from './audit/prune.js'
export type { AuditVerification } from './audit/verify.js'
export type { AuthRequestOptions, AuthRequestProxy } from './auth-request/options.js'
export type { ActingCredential, Actor, ActsFor, RequestTrace } from './authorization/actor.js'
export type { GroupRole } from './authorization/role-by-group.js'
export {
  type Credential,
  DENIALS,
  type Decision,
  type Denial,
  type DenialCode,
  type Identity,
  type RequestView,
  type Role,
} from './decision.js'
export type { Listed, ListQuery } from './directory/directory.js'
export { type MalfunctionCode, PortcullisError, StoreFullError } from './errors.js'
export { createGate, type Gate } from './gate.js'
export type { Duration, SessionLimits, TokenLimits } from './limits.js'
export type { OAuthClient } from './oauth/clients.js'
export { checkGateOptions, type GateEvent, type GateOptions, type Pages } from './options.js'
export type { Outcome } from './outcome.js'
export type { Problem, ProblemCode, ProblemRenderer, RenderedProblem } from './problem.js'
export {
  type IdentityProvider,
  type LoginChallenge,
  LoginRefused,
  LogoutRefused,
  type LogoutToken,
  type ProviderLogin,
} from './provider.js'
export type { RateLimits } from './rate-limit/limits.js'
export type { ClientAddressOptions } from './request/client-address.js'
export type { ScimOptions } from './scim/options.js'
export type { ScopeWish } from './scopes.js'
export { secretProblem } from './secrets.js'
export type { BanRequest, BanResult } from './standing/ban.js'
export type { EndedSessions, ForcedLogout } from './standing/force-logout.js'
export { memoryStore } from './store/memory.js'
export type { Replicated } from './store/replication.js'
export type * from './store/store.js'
export type { JwsAlgorithm } from './tokens/algorithms.js'
export type { IssuedToken, TokenToIssue } from './tokens/issue.js'
export type { TokenToIssueOnce } from './tokens/issue-once.js'
export { type JwsVerification, verifyJws } from './tokens/jws.js'
export { JwsError, type JwsErrorCode } from './tokens/jws-error.js'
export type { AsymmetricAlgorithm, SigningKeyOptions } from './tokens/keys.js'
export type { TokenFilter } from './tokens/list-all.js'
export type { ProtectedHeader, VerifiedJws } from './tokens/prove.js'
export type { RevokedTokens } from './tokens/revoke-all.js'
export type { TokenInfo, TokenStatus } from './tokens/token.js'
export {
  type ClaimPath,
  type ClaimPaths,
  claimsOf,
  type ExternalAlgorithm,
  type MappedRole,
  type SchemaResult,
  type StandardSchema,
  type TrustedIssuerOptions,
} from './trusted-issuers/trusted-issuers.js'
export type { GateVerbs, KeyToRotate, SessionInfo } from './verbs.js'
