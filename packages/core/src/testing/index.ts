export { type AdapterCase, type AdapterParts, type AdapterServer, adapterCases } from './adapter-cases.js'
export type { StoreCase, StoreCasesOptions } from './store-case.js'
export { storeCases } from './store-cases.js'
