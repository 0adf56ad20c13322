export type {
  Admission,
  AnswerEdits,
  AnswerHead,
  BodyRewriter,
  BodyWish,
  Call,
  CallBody,
  CallEnd,
  CallEndDetails,
  CallHead,
  GoOn,
  HeaderEdits,
  Observer,
  ReadonlyHeaders,
  Refusal,
  Refuse,
  UnreadReason,
  UpstreamTarget,
  Verdict,
} from '../admission/admission.js'
export { REMOVED_RESPONSE_HEADERS } from './client-headers.js'
export { createForwarder, type Forwarder, type ForwardingGate } from './forwarder.js'
export { DEFAULT_IDENTITY_HEADERS, type IdentityHeaders, type IdentityPart } from './identity-headers.js'
export { checkForwardOptions, type ForwardOptions } from './options.js'
export { type Recheck, recheckFor } from './recheck.js'
export { REMOVED_REQUEST_HEADERS } from './removed-request-headers.js'
