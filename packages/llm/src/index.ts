export { llmProblems } from './problems.js'
