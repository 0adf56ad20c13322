import { readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { compareComment, compareTables } from './options/compare.mjs'
import { readTable } from './options/tables.mjs'
import { root, say } from './workspace/run.mjs'

/** Where each table of options is, and how the page calls it. */
const tables = [
  { title: '`createGate`', file: 'context/options.ts', table: 'CORE_OPTIONS' },
  { title: '`createGate`: `plugins`', file: 'gate/gate-options.ts', table: 'PLUGIN_OPTIONS' },
  { title: '`createGate`: `tokens`', file: 'context/limits.ts', table: 'TOKEN_LIMITS' },
  { title: '`createGate`: `sessions`', file: 'context/limits.ts', table: 'SESSION_LIMITS' },
  { title: '`createGate`: `rateLimits`', file: 'rate-limit/limits.ts', table: 'RATE_LIMITS' },
  { title: '`createGate`: `authRequest`', file: 'auth-request/options.ts', table: 'AUTH_REQUEST_OPTIONS' },
  { title: '`createForwarder`', file: 'proxy/options.ts', table: 'FORWARD_OPTIONS' },
  { title: '`oauth`', file: 'oauth/plugin.ts', table: 'OAUTH_OPTIONS' },
  { title: '`scim`', file: 'scim/options.ts', table: 'SCIM_OPTIONS' },
  {
    title: '`backChannelLogout`',
    file: 'back-channel-logout/plugin.ts',
    table: 'BACK_CHANNEL_LOGOUT_OPTIONS',
  },
  { title: '`oidcProvider`', file: 'oidc/options.ts', table: 'OIDC_OPTIONS' },
  { title: '`lmdbStore`', file: 'lmdb/index.ts', table: 'LMDB_OPTIONS' },
  { title: '`redisStore`', file: 'redis/options.ts', table: 'REDIS_OPTIONS' },
  { title: '`redisStore`: `wait`', file: 'redis/options.ts', table: 'WAIT_OPTIONS' },
]
const page = 'docs/options.md'
const introduction = `# Options

Made by \`node scripts/options.mjs\` from the tables of options in \`packages/core/src\` and their doc comments. What is wrong with
options is listed at once at start, each by its name; \`null\` is a mistake, \`undefined\` is not given.
`

/**
 * Writes the page of all options, and compares doc comments and tables in other documents with what the options are: a
 * default or a range that is told otherwise fails. With `--check` nothing is written, and a page that is old fails.
 */
const problems = []
const options = []
const sections = [introduction]
for (const { title, file, table } of tables) {
  const source = path.join('packages/core/src', file)
  const read = await readTable(source, table)
  options.push(...read.options)
  for (const option of read.options)
    problems.push(...compareComment(option, read.comment).map((problem) => `${source}: ${problem}`))
  sections.push(sectionOf(title, read))
}

for (const name of await readdir(path.join(root, 'docs'))) {
  if (!name.endsWith('.md')) continue
  const text = await readFile(path.join(root, 'docs', name), 'utf8')
  problems.push(...compareTables(text, options).map((problem) => `docs/${name}: ${problem}`))
}

const after = sections.join('\n')
const before = await readFile(path.join(root, page), 'utf8').catch(() => '')
if (!process.argv.includes('--check')) await writeFile(path.join(root, page), after)
else if (after !== before) problems.push(`${page} is old; run node scripts/options.mjs`)
for (const problem of problems) say(problem)
if (problems.length > 0) process.exitCode = 1

/**
 * @param {string} title
 * @param {{ comment: string, options: import('./options/tables.mjs').Option[] }} table
 */
function sectionOf(title, { comment, options }) {
  const rows = options.map(({ name, comment, isRequired }) => {
    const cell = comment.replaceAll('|', '\\|')
    return `| \`${name}\` | ${isRequired ? '**Required.** ' : ''}${cell} |`
  })
  return [
    `## ${title}`,
    '',
    ...(comment ? [comment, ''] : []),
    '| option | what |',
    '|---|---|',
    ...rows,
    '',
  ].join('\n')
}
