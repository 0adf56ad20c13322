export type { StoreCase, StoreCasesOptions } from './store-case.js'
export { storeCases } from './store-cases.js'
