import { appendAudit } from '../audit/append.js'
import type { Deps } from '../context/context.js'
import type { Sealer } from '../crypto/seal.js'
import { denial } from '../errors/denials.js'
import { bindCollection } from '../plugin/collection.js'
import { type PluginContext, withInsides } from '../plugin/context.js'
import type { Plugin, Started } from '../plugin/plugin.js'
import { activeBan, readStanding } from '../standing/standing.js'
import type { GateVerbs } from './operations.js'

/** A plugin that runs. */
export interface RunningPlugin {
  readonly plugin: Plugin
  readonly started: Started
}

/** Plugins that run, in the order in which they started. */
export interface RunningPlugins {
  readonly running: readonly RunningPlugin[]
  /** The `api` of each that has one, by its name. */
  readonly apis: Readonly<Record<string, unknown>>
  /** In reverse order; one that fails is reported and keeps no other from closing. */
  close(): Promise<void>
}

/** Starts plugins one after the other. Rejects with what one of them throws, the others closed again. */
export async function startPlugins(
  deps: Deps,
  operations: GateVerbs,
  plugins: readonly Plugin[],
): Promise<RunningPlugins> {
  const running: RunningPlugin[] = []
  const close = () => closeAll(deps, running)
  try {
    for (const plugin of plugins)
      running.push({ plugin, started: await plugin.start(contextOf(deps, operations, plugin)) })
  } catch (error) {
    await close()
    throw error
  }
  const apis = running.flatMap(({ plugin, started: { api } }) =>
    api === undefined ? [] : [[plugin.name, api] as const],
  )
  return { running, apis: Object.fromEntries(apis), close }
}

async function closeAll({ report }: Deps, running: readonly RunningPlugin[]): Promise<void> {
  for (const { plugin, started } of [...running].reverse())
    try {
      await started.close?.()
    } catch (cause) {
      const detail = `The plugin ${plugin.name} did not close as it should`
      report({ level: 'error', code: 'plugin_failed', detail, cause })
    }
}

function contextOf(deps: Deps, operations: GateVerbs, plugin: Plugin): PluginContext {
  const { name, collections = [], auditActions = {} } = plugin
  const context: PluginContext = {
    publicUrl: deps.options.publicUrl,
    clock: deps.clock,
    randomId: deps.randomId,
    collection(collection, holds, of) {
      if (!collections.includes(collection))
        throw new TypeError(`${name}: ${collection} is not one of its collections`)
      const partition = of ? deps.partitionOf(of.account) : `plugin-${name}`
      const { store, options } = deps
      return bindCollection({ store, options, partition, collection: `${name}/${collection}` }, holds)
    },
    async audit(recorded) {
      if (!Object.hasOwn(auditActions, recorded.action))
        throw new TypeError(`${name}: ${recorded.action} is not one of its audit actions`)
      return appendAudit(deps, recorded)
    },
    report: deps.report,
    reportOfStrangers: (event) => deps.strangers.report(event),
    operations,
    rateLimits: deps.rateLimits,
    sealer: sealerOf(deps.sealer, name),
    partitionOf: deps.partitionOf,
    async judge(account) {
      const { standing } = await readStanding(deps, deps.partitionOf(account))
      return activeBan(standing, deps.clock()) ? denial('account_banned') : undefined
    },
  }
  return withInsides(Object.freeze(context), deps)
}

/** What one plugin has sealed opens for no other, nor for the gate. */
function sealerOf(sealer: Sealer, name: string): Sealer {
  const contextOf = (context: string) => `plugin ${name} ${context}`
  return {
    seal: (context, value) => sealer.seal(contextOf(context), value),
    open: (context, sealed) => sealer.open(contextOf(context), sealed),
  }
}
