import { AUDIT_ACTIONS } from '../audit/entry.js'
import { PROBLEM_CODES } from '../errors/problem.js'
import { checkMembers, objectOf } from '../input/check.js'
import {
  checkedByValue,
  hook,
  isObject,
  listOf,
  mapOf,
  nonEmptyText,
  type Shape,
  someObject,
  text,
} from '../input/kinds.js'
import {
  type CheckedGate,
  type Plugin,
  type Started,
  type StoredCollection,
  storedCollectionsOf,
} from '../plugin/plugin.js'
import { ACCESS_TOKEN_TYPE } from '../tokens/token.js'
import { COLLECTIONS } from './collections.js'

const NAME = /^[a-z][a-zA-Z0-9]{0,39}$/
const CODE = /^[a-z][a-z0-9_]{1,63}$/
const ACTION = /^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$/
const OPERATOR = /^[a-z][a-z0-9-]{0,63}$/
/** Names of actors that are the gate's own. */
const RETENTION_ACTOR = 'audit-retention'
/** Beside it those that a plugin may act as, a directory or an identity provider: never operators. */
const GATE_ACTORS = ['scim', 'identity-provider', RETENTION_ACTOR] as const
/** What the gate seals by itself; `plugin` begins the contexts of all plugins. */
const GATE_SEALING_CONTEXTS = ['session', 'login-state', 'root-keys', 'idempotency', 'plugin'] as const
const COLLECTION = /^[a-z][a-z-]*[a-z]$/
/** Partitions of plugins as a whole, and those of the gate, have other names. */
const PLACE = /^(?!plugin-|gate)[a-z][a-z-]*[a-z]$/
const TOKEN_TYPE = /^[a-z][a-z0-9-]{0,40}\+jwt$/
const NAMESPACE = /^(?:\/[\w.~-]+)+\/$/

/** Members of a gate, which no plugin can take the place of. */
const GATE_MEMBERS = [
  'tokens',
  'sessions',
  'standing',
  'store',
  'audit',
  'owns',
  'authenticate',
  'handle',
  'refuse',
  'stillAllowed',
  'publicUrl',
  'scopes',
  'problems',
  'credentialHeaders',
  'admissions',
  'report',
  'jobs',
  'metrics',
  'clock',
  'close',
  'plugins',
  'then',
] as const

const names = listOf(nonEmptyText)
const collectionsInStore = mapOf(oneOfKinds)
const STORED: Shape<StoredCollection> = { name: nonEmptyText, in: names }

/** The name of a collection in the store, or that with its places. */
function oneOfKinds(name: string, value: unknown, problems: string[]): void {
  if (isObject(value)) objectOf(STORED, ['name', 'in'])(name, value, problems)
  else nonEmptyText(name, value, problems)
}

function namesOrMap(name: string, value: unknown, problems: string[]): void {
  if (Array.isArray(value)) names(name, value, problems)
  else if (isObject(value)) collectionsInStore(name, value, problems)
  else problems.push(`${name}: give an array of names, or an object`)
}

const PLUGIN: Shape<Plugin> = {
  name: text,
  collections: namesOrMap,
  denials: someObject,
  scopes: someObject,
  auditActions: someObject,
  sealingContexts: listOf(nonEmptyText),
  gateActions: listOf(nonEmptyText),
  actsAs: text,
  secrets: someObject,
  operators: mapOf(text),
  tokenTypes: listOf(nonEmptyText),
  namespaces: listOf(nonEmptyText),
  requires: listOf(nonEmptyText),
  check: hook,
  start: hook,
}

const STARTED: Shape<Started> = {
  api: checkedByValue,
  routes: checkedByValue,
  credentialKinds: listOf(someObject),
  admissions: listOf(checkedByValue),
  logins: someObject,
  grants: someObject,
  pages: listOf(someObject),
  jobs: listOf(someObject),
  metrics: listOf(someObject),
  health: hook,
  close: hook,
}

/** What is wrong with what a plugin has answered to `start`, each with the plugin's name. */
export function problemsOfStarted({ name }: Plugin, started: Started): readonly string[] {
  const problems: string[] = []
  checkMembers(started, STARTED, problems)
  return problems.map((problem) => `${name}: what start answers: ${problem}`)
}

/** Who has claimed what, and every claim that comes second. */
function claims(kind: string, problems: string[]) {
  const claimed = new Map<string, string>()
  return {
    /** Whether it is the first. */
    take(by: string, what: string): boolean {
      const other = claimed.get(what)
      if (other === undefined) claimed.set(what, by)
      else problems.push(`plugins: ${by} and ${other} both claim the ${kind} ${what}`)
      return other === undefined
    },
  }
}

/** Adds to `problems` whatever keeps these plugins from starting together, and what each says is wrong with its options. */
export function checkPlugins(
  plugins: readonly Plugin[],
  core: { readonly scopes: readonly string[] },
  gate: CheckedGate,
  problems: string[],
): void {
  const names = claims('name', problems)
  const codes = claims('code', problems)
  const scopes = claims('scope', problems)
  const actions = claims('audit action', problems)
  const namespaces = claims('path', problems)
  const operators = claims('operator', problems)
  const collections = claims('collection', problems)
  const placesTaken = claims('place', problems)
  const actors = claims('actor', problems)
  const sealingContexts = claims('sealing context', problems)
  const tokenTypes = claims('token type', problems)
  for (const name of GATE_MEMBERS) names.take('the gate', name)
  for (const code of PROBLEM_CODES) codes.take('the gate', code)
  for (const scope of core.scopes) scopes.take('the gate', scope)
  for (const actor of GATE_ACTORS) operators.take('the gate', actor)
  for (const name of new Set(Object.values(COLLECTIONS).flatMap((all) => all.map((one) => one.name))))
    collections.take('the gate', name)
  actors.take('the gate', RETENTION_ACTOR)
  for (const place of Object.keys(COLLECTIONS)) placesTaken.take('the gate', place)
  for (const context of GATE_SEALING_CONTEXTS) sealingContexts.take('the gate', context)
  tokenTypes.take('the gate', ACCESS_TOKEN_TYPE)
  for (const action of AUDIT_ACTIONS) actions.take('the gate', action)

  for (const plugin of plugins) {
    const { name } = plugin
    if (!NAME.test(name)) {
      problems.push('plugins: a name has 1 to 40 letters and digits, a lower-case letter first')
      continue
    }
    names.take(name, name)
    const before = problems.length
    checkMembers(plugin, PLUGIN, problems, { name, required: ['start'] })
    if (problems.length > before) continue
    for (const code of Object.keys(plugin.denials ?? {})) {
      if (!CODE.test(code))
        problems.push(`${name}: ${quoted(code)}: a code has lower-case letters, digits and underscores`)
      codes.take(name, code)
    }
    for (const scope of Object.keys(plugin.scopes ?? {})) scopes.take(name, scope)
    for (const action of Object.keys(plugin.auditActions ?? {})) {
      if (!ACTION.test(action))
        problems.push(`${name}: ${quoted(action)}: an audit action is of the form thing.deed`)
      actions.take(name, action)
    }
    for (const type of plugin.tokenTypes ?? []) {
      if (!TOKEN_TYPE.test(type)) problems.push(`${name}: a token type is of the form thing+jwt`)
      tokenTypes.take(name, type)
    }
    for (const context of plugin.sealingContexts ?? []) {
      if (!COLLECTION.test(context)) problems.push(`${name}: a sealing context has small letters and dashes`)
      sealingContexts.take(name, context)
    }
    for (const namespace of plugin.namespaces ?? []) {
      if (!NAMESPACE.test(namespace))
        problems.push(`${name}: ${quoted(namespace)}: a namespace is a path such as /${name}/`)
      namespaces.take(name, namespace)
    }
    const ownPlaces = new Set<string>()
    for (const [collection, { name: stored, in: places }] of storedCollectionsOf(plugin)) {
      if (stored !== `${name}/${collection}` && !COLLECTION.test(stored))
        problems.push(`${name}: a collection has small letters and dashes`)
      if (!places) collections.take(name, stored)
      for (const place of places ?? []) {
        if (!PLACE.test(place))
          problems.push(`${name}: ${quoted(place)}: a place has small letters and dashes`)
        ownPlaces.add(place)
        collections.take(name, `${stored} in ${place}`)
      }
    }
    for (const place of ownPlaces) placesTaken.take(name, place)
    for (const action of plugin.gateActions ?? [])
      if (!AUDIT_ACTIONS.includes(action))
        problems.push(`${name}: ${quoted(action)} is no audit action of the gate`)
    if (plugin.actsAs !== undefined) {
      if (!OPERATOR.test(plugin.actsAs)) problems.push(`${name}: actsAs has small letters, digits and dashes`)
      actors.take(name, plugin.actsAs)
    }
    for (const operator of Object.values(plugin.operators ?? {})) {
      if (!OPERATOR.test(operator))
        problems.push(`${name}: an operator is named by small letters, digits and dashes`)
      if (operators.take(name, operator)) actors.take(name, operator)
    }
    for (const required of plugin.requires ?? []) {
      const at = plugins.findIndex((other) => other.name === required)
      if (at < 0) problems.push(`plugins: ${name} needs ${required} to be listed, too`)
      else if (at > plugins.indexOf(plugin))
        problems.push(`plugins: ${name} needs ${required} to be listed before it`)
    }
    plugin.check?.(problems, gate)
  }
}

/** Names that a developer wrote; values of options are never quoted. */
function quoted(name: string): string {
  return JSON.stringify(name)
}
