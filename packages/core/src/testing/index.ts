export { adapterCases } from './adapter-cases.js'
export type { AdapterCase, AdapterParts, AdapterServer, StartServer } from './adapter-stage.js'
export type { StoreCase, StoreCasesOptions } from './store-case.js'
export { storeCases } from './store-cases.js'
