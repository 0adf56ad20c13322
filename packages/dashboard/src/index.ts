export { PagesNotBuiltError } from './build/read.js'
export { DashboardOptionsError } from './check-options.js'
export { type DashboardOptions, dashboard, type Pages } from './dashboard.js'
