import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { root, say } from './workspace/run.mjs'

const documents = [
  'README.md',
  'docs/forwarding.md',
  'docs/plugins.md',
  'docs/proxies.md',
  ...['express', 'koa', 'fastify'].map((name) => `packages/${name}/README.md`),
]
const snippet = /(<!-- file: (\S+) -->\n)[\s\S]*?(<!-- end -->)/g

/**
 * Puts the files that documents show into the documents, so that what readers copy is what the tests run.
 * With `--check` nothing is written, and a document that differs from its files fails.
 */
let isStale = false
for (const document of documents) {
  const file = path.join(root, document)
  const before = await readFile(file, 'utf8')
  const shown = new Map()
  for (const [, , source = ''] of before.matchAll(snippet))
    shown.set(source, await readFile(path.join(root, source), 'utf8'))
  const after = before.replace(
    snippet,
    (_, begin, source, end) =>
      `${begin}\`\`\`${path.extname(source).slice(1)}\n${shown.get(source)}\`\`\`\n${end}`,
  )
  if (after === before) continue
  isStale = true
  if (process.argv.includes('--check'))
    say(`${document} shows an old version of a file; run node scripts/snippets.mjs`)
  else await writeFile(file, after)
}
if (isStale && process.argv.includes('--check')) process.exitCode = 1
