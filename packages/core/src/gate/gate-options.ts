import { CORE_OPTIONS, type CoreOptions } from '../context/options.js'
import { havingMethods, listOf } from '../input/kinds.js'
import { optional } from '../input/options.js'
import type { Plugin } from '../plugin/plugin.js'

const PLUGIN_OPTIONS = {
  /** What is added to the gate: its names, routes, scopes and codes. Started in this order, closed in the reverse. */
  plugins: optional<readonly Plugin[]>(listOf(havingMethods('start')), { default: [] }),
}

export const GATE_OPTIONS = { ...CORE_OPTIONS, ...PLUGIN_OPTIONS }

/** What `createGate` takes. */
export interface GateOptions<Plugins extends readonly Plugin[] = readonly Plugin[]>
  extends CoreOptions,
    PluginOptions<Plugins> {}

/** A mapped type, so that its member keeps the doc comment above. */
type PluginOptions<Plugins> = { readonly [Name in keyof typeof PLUGIN_OPTIONS]?: Plugins }
