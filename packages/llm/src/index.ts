export { type HeaderOptions, llmHeaders } from './headers.js'
export { llmProblems } from './problems.js'
export { liteLlmRoles } from './roles.js'
export { llmUsage } from './usage-instructions.js'
