/**
 * What `authenticate` reads of a request: its head, never its body.
 * `target` is the request target exactly as it came over the wire; `rawHeaders` alternates names and values, so that a
 * header sent twice is seen twice.
 */
export interface RequestView {
  readonly method: string
  readonly target: string
  readonly rawHeaders: readonly string[]
  /** Address of the peer. Whose address counts as the client's, `clientAddress` says. */
  readonly remoteAddress?: string
}
