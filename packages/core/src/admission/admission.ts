import type { Identity } from '../authentication/identity.js'

/**
 * Decides about each call that the gate has let in and that is about to be forwarded, and may watch what becomes of it:
 * budgets, limits, a choice of upstream. Admissions are asked in the order of their list, each once a call. None can let
 * in what the gate has refused.
 *
 * One that throws, answers what this contract does not allow, or takes longer than `admissionTimeoutMs`, is reported as
 * `admission_failed`, and the call answered with 503 `admission_unavailable`: no upstream hears of it.
 */
export interface Admission {
  /** In reports. */
  readonly name: string
  /** Upstreams that it may choose, by name, beside the `namedUpstreams` of the forwarder. */
  readonly upstreams?: Readonly<Record<string, UpstreamTarget>>
  /**
   * What of a JSON body it wants to see, by the head of the call; undefined for nothing. Called once for each call before
   * anything is decided. Must not wait.
   */
  readBody?(call: CallHead): BodyWish | undefined
  /** Nothing, and an empty object, let the call go on as it is. */
  admit(call: Call): Verdict | undefined | Promise<Verdict | undefined>
}

/** A service behind the gate. Comes from configuration, never from a request. */
export interface UpstreamTarget {
  /** `http:` or `https:`; a path is put in front of every forwarded path. No query, fragment or user. */
  readonly url: string
  /** Sent with every request in place of what the client sent, such as the upstream's credential: texts that a header can carry. */
  readonly headers?: Readonly<Record<string, string>>
}

/** Header fields by lower-case name; several values are several fields. */
export type ReadonlyHeaders = Readonly<Record<string, string | readonly string[]>>

export interface CallHead {
  readonly identity: Identity
  readonly method: string
  /** Canonical, as it was checked and will be forwarded. */
  readonly path: string
  /** Without its `?`; empty when there is none. */
  readonly query: string
  /** What the client sent, unproven, without credentials and cookies. */
  readonly headers: ReadonlyHeaders
  /** Whether a WebSocket is asked for. It has no body. */
  readonly isWebSocket: boolean
}

export interface Call extends CallHead {
  readonly body: CallBody
  /** Aborted once nobody needs the verdict any more: the client has left, the deadline has passed. */
  readonly signal: AbortSignal
}

/** Top-level members of a JSON object. Values are read without building the document around them. */
export interface BodyWish {
  /**
   * By name. The call waits until all of them were seen, or the body has ended, or `holdBytesAtMost` of it are there. The
   * rest is forwarded as it comes.
   */
  readonly members: readonly string[]
  /** The longest value of one member, as it is written. 1 to 1048576, default 65536. */
  readonly memberBytesAtMost?: number
  /** How much of the body may wait in memory for the verdict. 1 to 268435456, default 33554432. */
  readonly holdBytesAtMost?: number
}

export type CallBody =
  /** This admission has not asked for it. */
  | { readonly state: 'unasked' }
  /** There is none. */
  | { readonly state: 'none' }
  /**
   * A JSON object in UTF-8 (RFC 8259; control characters within texts pass). What was told here holds for all that the upstream gets: where the rest of the body
   * has one of the members again, in another case of letters too, or is not JSON, the call ends with 400
   * `body_ambiguous` before the upstream has the whole of it.
   */
  | {
      readonly state: 'read'
      /**
       * Those that were found, each as `JSON.parse` reads it (of nested members with one name the last), or as an admission
       * before this one has set it.
       */
      readonly members: Readonly<Record<string, unknown>>
      /** Whether the whole body was read: a member that is not there is then known to be absent. */
      readonly isComplete: boolean
      /** Of the body, as far as it was read. */
      readonly bytes: number
    }
  /** It goes to the upstream as it is, unless the admission refuses. */
  | { readonly state: 'unread'; readonly reason: UnreadReason }

/**
 * - `not_json`: its media type is not JSON, or its charset not UTF-8.
 * - `content_encoded`: it is compressed (`content-encoding`).
 * - `invalid`: it is no JSON object, or not UTF-8.
 * - `ambiguous_member`: a member that was asked for comes twice, or in another case of letters.
 * - `too_deep`: it nests more than 256 levels.
 * - `too_many_members`: it has more than 1,000 members.
 * - `member_too_long`: a member that was asked for is longer than `memberBytesAtMost`.
 */
export type UnreadReason =
  | 'not_json'
  | 'content_encoded'
  | 'invalid'
  | 'ambiguous_member'
  | 'too_deep'
  | 'too_many_members'
  | 'member_too_long'

/** Sets each header, in place of every spelling of it; `null` removes it. Framing and hop-by-hop headers are not taken. */
export type HeaderEdits = Readonly<Record<string, string | null>>

export type Verdict = Refuse | GoOn

export interface Refuse {
  readonly refuse: Refusal
}

/** Answered in the form that the path's clients expect (`problems` of the gate). */
export interface Refusal {
  /** 400 to 599. */
  readonly status: number
  readonly code: string
  /** Default `Refused`. */
  readonly title?: string
  /** Public: nothing internal. */
  readonly detail: string
  /** `Retry-After`, in whole seconds. */
  readonly retryAfterSeconds?: number
  readonly headers?: Readonly<Record<string, string>>
}

export interface GoOn {
  readonly refuse?: never
  /** Of the request to the upstream. They have the last word, also over the headers that the gate adds. */
  readonly requestHeaders?: HeaderEdits
  /**
   * Top-level members of the body to set: replaced where they stand, else added at the end. Only members that
   * `readBody` has asked for, and only of a body that was read. All other bytes stay as they are.
   */
  readonly bodyMembers?: Readonly<Record<string, unknown>>
  /** By its name in `upstreams` or `namedUpstreams`. The last admission that chooses is followed. */
  readonly upstream?: string
  /** Changes the upstream's answer. Called once, with its head. Throwing ends the call. */
  readonly editAnswer?: (head: AnswerHead) => AnswerEdits | undefined
  readonly observer?: Observer
}

export interface AnswerHead {
  readonly status: number
  /** As the upstream sent them, without those of the connection. */
  readonly headers: ReadonlyHeaders
}

export interface AnswerEdits {
  readonly headers?: HeaderEdits
  /** The length of the answer is then not announced. */
  readonly body?: BodyRewriter
}

/** Stands in the way of the answer's bytes, content coding included. Throwing breaks the answer off. */
export interface BodyRewriter {
  /** What goes to the client in place of this chunk; undefined for nothing yet. */
  chunk(chunk: Buffer): Buffer | undefined
  /** What was kept back. */
  end(): Buffer | undefined
}

/**
 * Watches one call that was admitted. What it is told has already gone to the client's connection: nothing waits for it.
 * It sees the upstream's own bytes, before anybody edits them, and never an answer of the gate.
 *
 * Its methods run in the thread of all calls and must not wait: work that takes time belongs behind `end`. One that throws,
 * or three times takes longer than 50 ms, is reported once and told nothing more than its end.
 */
export interface Observer {
  /** The upstream answers. Of a WebSocket with 101; its frames are not shown. */
  head?(head: AnswerHead): void
  /** A view of the bytes, valid during the call and shared with the client's connection: it must not be changed. */
  chunk?(chunk: Buffer): void
  /** Exactly once for each observer, whatever happens, also when it was made after its call was over. */
  end(end: CallEnd, details: CallEndDetails): void
}

/**
 * - `finished`: the client has the whole answer of the upstream, or the upstream has closed the WebSocket.
 * - `client_gone`: the client has left, perhaps before anything was decided, or takes no more of its answer.
 * - `upstream_failed`: it could not be reached, was silent for too long, broke off, or refused the gate.
 * - `cut`: the gate has ended it: access withdrawn, forwarder closing, another admission in the way.
 */
export type CallEnd = 'finished' | 'client_gone' | 'upstream_failed' | 'cut'

export interface CallEndDetails {
  /** Whether the upstream may have got the request: false when no connection to it came about. */
  readonly wasSent: boolean
  /** Whether the observer was told everything. */
  readonly sawAll: boolean
}
