import { CORE_OPTIONS, type CoreOptions } from '../context/options.js'
import { havingMethods, listOf } from '../input/kinds.js'
import { optional } from '../input/options.js'
import type { Plugin } from '../plugin/plugin.js'

/** What `createGate` takes. */
export interface GateOptions<Plugins extends readonly Plugin[] = readonly Plugin[]> extends CoreOptions {
  /** What is added to the gate: its names, routes, scopes and codes. Started in this order, closed in the reverse. */
  readonly plugins?: Plugins
}

export const GATE_OPTIONS = {
  ...CORE_OPTIONS,
  plugins: optional<readonly Plugin[]>(listOf(havingMethods('start')), { default: [] }),
}
