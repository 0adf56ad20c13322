import { refuseBanned } from '../authentication/judge.js'
import type { GateContext } from '../context/context.js'
import { done, type Outcome } from '../errors/outcome.js'
import { commitUnderStanding } from '../standing/change.js'
import type { Standing } from '../standing/standing.js'
import type { JsonValue, Millis } from '../store/store.js'

/** Those of an account at one moment; each grows by one when everything that was issued under it is ended. */
export type Generations = Pick<Standing, 'tokenGeneration' | 'sessionGeneration'>

/** A record that something is issued by. */
export interface RecordToIssue<Value> {
  readonly account: string
  /** One of the plugin's `collections`. */
  readonly collection: string
  readonly id: string
  /** What is stored. Called again where the standing of the account has changed meanwhile. */
  readonly record: (under: Generations) => {
    readonly value: Value
    /** Position in its collection. Default 0. */
    readonly sort?: number
    /** Absent afterwards. */
    readonly expiresAt?: Millis
  }
}

/** As the contract promises of `issue`, in the collection as the store knows it. */
export async function issueRecord<Value extends JsonValue>(
  context: GateContext,
  { account, collection, id, record }: RecordToIssue<Value>,
): Promise<Outcome<boolean>> {
  const key = { collection, id }
  const issued = await commitUnderStanding(
    context,
    context.partitionOf(account),
    (standing) => refuseBanned(context, standing),
    ({ tokenGeneration, sessionGeneration }) => [
      { put: key, ...record({ tokenGeneration, sessionGeneration }) },
    ],
    { checks: [{ key, version: null }], otherwise: 'input_invalid' },
  )
  if (issued.ok) return done(true)
  return issued.denial.code === 'input_invalid' ? done(false) : issued
}
