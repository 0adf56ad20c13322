import type { Acted, ActsFor } from '../authorization/actor.js'
import {
  acting,
  actsFor,
  anyAccount,
  bySomebody,
  emailAccount,
  handingOn,
  type InputTable,
  idempotencyKey,
  operation,
  scopeWish,
} from '../authorization/operation.js'
import type { GateContext } from '../context/context.js'
import type { Outcome } from '../errors/outcome.js'
import { type Kind, nonEmptyText } from '../input/kinds.js'

/** Adds to `problems` what is wrong with a member of an input, as `NAME: what to give`. Not asked where it is absent. */
export type InputKind = (name: string, value: unknown, problems: string[]) => void

/** Members that are taken by every operation of a gate in one way. */
export type SharedMember = 'id' | 'scopes' | 'grantable' | 'idempotencyKey'

/** What an operation on one account takes. */
export interface OperationInputs<Input> {
  /** `email`: whoever can have credentials of the gate, `any`: also accounts without an address. In any spelling. */
  readonly account: 'email' | 'any'
  /**
   * `required`; `program`: left out, the program that holds the gate acts in its own name; `none`: it is not taken, and the
   * plugin itself acts.
   */
  readonly by: 'required' | 'program' | 'none'
  /** An `id` has to be given, the others may be. `grantable` is narrowed to what an identity may hand on. */
  readonly takes?: readonly SharedMember[]
  /** Members of its own, each of which may be left out. */
  readonly members?: { readonly [Member in keyof Input]?: InputKind }
}

const SHARED: Readonly<Record<SharedMember, Kind>> = { id: nonEmptyText, ...scopeWish, idempotencyKey }

/** As the contract promises of `operation`; `self` is on whose behalf the plugin acts. */
export function pluginOperation<Input extends { readonly account: string; readonly by?: ActsFor }, T>(
  gate: GateContext,
  self: ActsFor,
  { account, by, takes = [], members = {} }: OperationInputs<Input>,
  act: (acted: Acted<Input>) => Promise<Outcome<T>>,
): (input: Input) => Promise<Outcome<T>> {
  const shared = (...names: readonly SharedMember[]) =>
    Object.fromEntries(names.filter((name) => takes.includes(name)).map((name) => [name, SHARED[name]]))
  const table = {
    members: {
      ...(account === 'email' ? emailAccount : anyAccount),
      ...shared('id'),
      ...(by === 'none' ? {} : { by: actsFor }),
      ...shared('scopes', 'grantable'),
      ...members,
      ...shared('idempotencyKey'),
    },
    required: ['account', ...(takes.includes('id') ? ['id'] : []), ...(by === 'required' ? ['by'] : [])],
  } as unknown as InputTable<Input>
  const handed = (input: Input) => (takes.includes('grantable') ? handingOn(gate, input) : input)
  return operation(table, (input) => {
    if (by === 'none')
      return acting({ ...input, by: self }, act as (acted: Acted<Input>) => Promise<Outcome<T>>)
    return acting(handed(by === 'program' ? bySomebody(input) : input), act)
  })
}
