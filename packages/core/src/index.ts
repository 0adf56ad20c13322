export type { Listed, ListQuery } from './account-index/account-index.js'
export { canonicalAccount, canonicalEmail, subjectAccount } from './accounts/account-id.js'
export type { BanRequest, BanResult } from './accounts/ban.js'
export type { EndedSessions, ForcedLogout } from './accounts/force-logout.js'
export type { CreatedApiKey } from './api-keys/add.js'
export type { ApiKeyToCreate } from './api-keys/create.js'
export type { ApiKeyInfo } from './api-keys/key.js'
export type { ApiKeyOperations } from './api-keys/operations.js'
export { apiKeys } from './api-keys/plugin.js'
export type { KeyToRotate } from './api-keys/rotate.js'
export type { AuditCheckpoint } from './audit/checkpoint.js'
export type { AuditAction, AuditEntry, AuditedAction, Lane, PluginAction } from './audit/entry.js'
export type { PrunedAudit } from './audit/prune.js'
export type { AuditVerification } from './audit/verify.js'
export type { AuthRequestOptions, AuthRequestProxy } from './auth-request/options.js'
export type { Decision } from './authentication/authenticate.js'
export type {
  AnyCredentialKind,
  CredentialKind,
  Described,
  Judged,
  KeptRecords,
  KindDenials,
  OperatorKind,
  Presentation,
  Proven,
} from './authentication/credential-kind.js'
export type { Credential, Identity, PluginKind } from './authentication/identity.js'
export type { FateCodes, Issued } from './authentication/judge.js'
export type { Acted, ActingCredential, Actor, ActsFor, RequestTrace } from './authorization/actor.js'
export { type GroupRole, mostPowerful, type Role } from './authorization/roles.js'
export type { ScopeWish } from './authorization/scopes.js'
export type { LogoutEnds } from './back-channel-logout/end-account.js'
export { type BackChannelLogoutOptions, backChannelLogout } from './back-channel-logout/plugin.js'
export type { GateEvent } from './context/event.js'
export { type Duration, type SessionLimits, type TokenLimits, WITHOUT_END } from './context/limits.js'
export type { CoreOptions, Pages, UsageInstructions } from './context/options.js'
export type { Sealer } from './crypto/seal.js'
export { secretProblem } from './crypto/secrets.js'
export { device } from './device/plugin.js'
export { type Denial, type DenialDetails, denial, denialsOf, type PluginCode } from './errors/denial.js'
export { DENIALS, type DenialCode, type DenialText, type OAuthErrorCode } from './errors/denials.js'
export { InputError } from './errors/input-error.js'
export type { Outcome } from './errors/outcome.js'
export { type MalfunctionCode, PortcullisError, StoreFullError } from './errors/portcullis-error.js'
export type {
  Problem,
  ProblemCode,
  ProblemRenderer,
  RenderedProblem,
} from './errors/problem.js'
export { claimsOf } from './external-tokens/claims-of.js'
export type {
  ClaimPaths,
  MappedRole,
  RequiredClaims,
  TrustedIssuerOptions,
  WithoutEmail,
} from './external-tokens/options.js'
export { externalTokens } from './external-tokens/plugin.js'
export { createGate } from './gate/create-gate.js'
export type { Gate } from './gate/gate.js'
export type { GateOptions } from './gate/gate-options.js'
export type { GateOperations as GateVerbs, SessionInfo } from './gate/operations.js'
export { checkGateOptions } from './gate/resolve-options.js'
export type { SchemaResult, StandardSchema } from './input/standard-schema.js'
export type { JwsAlgorithm } from './jws/algorithms.js'
export type { ClaimPath } from './jws/claim-path.js'
export { JwsError, type JwsErrorCode } from './jws/jws-error.js'
export { checkSigningKeys } from './jws/keys.js'
export type { ProtectedHeader, VerifiedJws } from './jws/prove.js'
export type { AsymmetricAlgorithm, SigningKeyOptions } from './jws/signing-key.js'
export { type JwsVerification, verifyJws } from './jws/verify.js'
export {
  type IdentityProvider,
  type LoginChallenge,
  LoginRefused,
  LogoutRefused,
  type LogoutToken,
  type ProviderLogin,
} from './login/identity-provider.js'
export type { MasterKeyOptions } from './master-key/options.js'
export { masterKey } from './master-key/plugin.js'
export type { Approval } from './oauth/approval.js'
export type { OAuthClient } from './oauth/clients.js'
export type { GrantedTokens } from './oauth/granted.js'
export { type OAuthOptions, oauth } from './oauth/plugin.js'
export type { ApprovalToRedeem, Reused } from './oauth/redeem-approval.js'
export type { Consent } from './oauth/routes/consent-page.js'
export type { GrantError, GrantRequest, GrantType, OAuthServer } from './oauth/server.js'
export type { PluginAccounts } from './plugin/accounts.js'
export type {
  BoundCollection,
  ChangePurpose,
  CollectionPage,
  CollectionRecord,
} from './plugin/collection.js'
export type {
  AuditedDeed,
  LastUses,
  PluginContext,
  RecordsOfAccount,
  RecordsOfPlace,
} from './plugin/context.js'
export type {
  GrantName,
  LoginHooks,
  LoginRefusal,
  StoredLogin,
  TokenGrants,
  VouchedLogin,
} from './plugin/hooks.js'
export type { Generations, RecordToIssue } from './plugin/issue.js'
export type { Job, JobRun, JobStatus, Metric, MetricReading } from './plugin/job.js'
export type { OnceOfPlugin, RequestToDoOnce } from './plugin/once.js'
export type { InputKind, OperationInputs, SharedMember } from './plugin/operation.js'
export type { ApiOf, CheckedGate, Plugin, PluginApis, Started, StoredCollection } from './plugin/plugin.js'
export type {
  BatchUnderStanding,
  PluginRecords,
  PluginRecordsOfAccount,
  RecordBatch,
  RecordsUnderStanding,
} from './plugin/records.js'
export {
  type Access,
  type AccountAccess,
  defineRoute,
  type ErrorForm,
  type OutputOf,
  type OwnAccess,
  type ProvenCaller,
  type Route,
  type RouteCall,
  type RouteDescription,
  type RouteLimit,
  type RouteSchema,
  type TypedRoute,
} from './plugin/route.js'
export type { StandingOfAccount } from './plugin/standing.js'
export type { PluginJwts, PluginTokens, RecordOfToken, TokenOfGrant } from './plugin/tokens.js'
export type { RateLimiter } from './rate-limit/limiter.js'
export type { RateLimitKind, RateLimits } from './rate-limit/limits.js'
export type { ExternalAlgorithm, KeySource } from './remote-keys/options.js'
export type { ClientAddressOptions } from './request/client-address.js'
export type { RequestView } from './request/view.js'
export type { ScimOptions } from './scim/options.js'
export { scim } from './scim/plugin.js'
export type { Ban, Standing } from './standing/standing.js'
export type { Storable, StorableMember } from './store/collection.js'
export { memoryStore } from './store/memory.js'
export type { ReportUnreadable } from './store/readable.js'
export type * from './store/store.js'
export { RACED, type Replicated } from './store/update.js'
export type { IssuedToken, TokenToIssue } from './tokens/issue.js'
export type { TokenToIssueOnce } from './tokens/issue-once.js'
export type { TokenFilter } from './tokens/list-all.js'
export type { RevokedTokens } from './tokens/revoke-all.js'
export type { TokenInfo, TokenStatus } from './tokens/token.js'
