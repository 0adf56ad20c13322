import { AUDIT_ACTIONS } from '../audit/entry.js'
import { PROBLEM_CODES } from '../errors/problem.js'
import type { CheckedGate, Plugin } from '../plugin/plugin.js'
import { ACCESS_TOKEN_TYPE } from '../tokens/token.js'

const NAME = /^[a-z][a-zA-Z0-9]{0,39}$/
const CODE = /^[a-z][a-z0-9_]{1,63}$/
const ACTION = /^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$/
const TOKEN_TYPE = /^[a-z][a-z0-9-]{0,40}\+jwt$/
const NAMESPACE = /^(?:\/[\w.~-]+)+\/$/

/** Members of a gate, which no plugin can take the place of. */
const GATE_MEMBERS = [
  'tokens',
  'apiKeys',
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
  'admissions',
  'report',
  'jobs',
  'metrics',
  'clock',
  'close',
  'plugins',
  'then',
] as const

/** Who has claimed what, and every claim that comes second. */
function claims(kind: string, problems: string[]) {
  const claimed = new Map<string, string>()
  return {
    take(by: string, what: string) {
      const other = claimed.get(what)
      if (other === undefined) claimed.set(what, by)
      else problems.push(`plugins: ${by} and ${other} both claim the ${kind} ${what}`)
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
  const tokenTypes = claims('token type', problems)
  for (const name of GATE_MEMBERS) names.take('the gate', name)
  for (const code of PROBLEM_CODES) codes.take('the gate', code)
  for (const scope of core.scopes) scopes.take('the gate', scope)
  tokenTypes.take('the gate', ACCESS_TOKEN_TYPE)
  for (const action of AUDIT_ACTIONS) actions.take('the gate', action)

  for (const plugin of plugins) {
    const { name } = plugin
    if (!NAME.test(name)) {
      problems.push('plugins: a name has 1 to 40 letters and digits, a lower-case letter first')
      continue
    }
    names.take(name, name)
    for (const code of Object.keys(plugin.denials ?? {})) {
      if (!CODE.test(code)) problems.push(`${name}: a code has lower-case letters, digits and underscores`)
      codes.take(name, code)
    }
    for (const scope of Object.keys(plugin.scopes ?? {})) scopes.take(name, scope)
    for (const action of Object.keys(plugin.auditActions ?? {})) {
      if (!ACTION.test(action)) problems.push(`${name}: an audit action is of the form thing.deed`)
      actions.take(name, action)
    }
    for (const type of plugin.tokenTypes ?? []) {
      if (!TOKEN_TYPE.test(type)) problems.push(`${name}: a token type is of the form thing+jwt`)
      tokenTypes.take(name, type)
    }
    for (const namespace of plugin.namespaces ?? []) {
      if (!NAMESPACE.test(namespace)) problems.push(`${name}: a namespace is a path such as /${name}/`)
      namespaces.take(name, namespace)
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
