export { PagesNotBuiltError } from './build/read.js'
export { type DashboardOptions, DashboardOptionsError } from './check-options.js'
export { dashboard, type Pages } from './dashboard.js'
