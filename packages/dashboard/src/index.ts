export { PagesNotBuiltError } from './build/read.js'
export { type DashboardOptions, dashboard, type Pages } from './dashboard.js'
