import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import ts from 'typescript'
import { root } from '../workspace/run.mjs'

/**
 * An option as its table says it, with its doc comment in one line.
 *
 * @typedef {object} Option
 * @property {string} name
 * @property {string} comment
 * @property {boolean} isRequired
 * @property {unknown} default
 * @property {string | undefined} range
 */

/**
 * The options of a table in a file of sources, exported or not, with the doc comment that belongs to all of them.
 *
 * @param {string} file
 * @param {string} table
 * @returns {Promise<{ comment: string, options: Option[] }>}
 */
export async function readTable(file, table) {
  const [values, { comment, comments }] = await Promise.all([valuesOf(file, table), commentsOf(file, table)])
  const options = Object.entries(values).map(([name, option]) => ({
    name,
    comment: comments.get(name) ?? '',
    isRequired: option.isRequired,
    default: option.default,
    range: option.kind.range,
  }))
  return { comment, options }
}

/**
 * @param {string} file
 * @param {string} table
 * @returns {Promise<Record<string, { isRequired: boolean, default?: unknown, kind: { range?: string } }>>}
 */
async function valuesOf(file, table) {
  const folder = path.join(root, 'node_modules/.cache/options')
  const bundle = path.join(folder, `${table}.mjs`)
  await mkdir(folder, { recursive: true })
  try {
    const { outputFiles } = await build({
      stdin: {
        contents: `${await readFile(path.join(root, file), 'utf8')}\nexport { ${table} as table }`,
        resolveDir: path.join(root, path.dirname(file)),
        loader: 'ts',
      },
      bundle: true,
      write: false,
      platform: 'node',
      format: 'esm',
      packages: 'external',
    })
    await writeFile(bundle, outputFiles[0]?.contents ?? '')
    return (await import(pathToFileURL(bundle).href)).table
  } finally {
    await rm(bundle, { force: true })
  }
}

/**
 * @param {string} file
 * @param {string} table
 */
async function commentsOf(file, table) {
  const source = ts.createSourceFile(
    file,
    await readFile(path.join(root, file), 'utf8'),
    ts.ScriptTarget.Latest,
    true,
  )
  const statement = source.statements.find(
    (each) => ts.isVariableStatement(each) && nameOf(each.declarationList.declarations[0]) === table,
  )
  if (!statement || !ts.isVariableStatement(statement)) throw new Error(`${file} has no ${table}`)
  const literal = statement.declarationList.declarations[0]?.initializer
  if (!literal || !ts.isObjectLiteralExpression(literal))
    throw new Error(`${table} of ${file} is not written out`)
  const comments = new Map(literal.properties.map((entry) => [nameOf(entry), commentOf(entry)]))
  return { comment: commentOf(statement), comments }
}

/** @param {ts.NamedDeclaration | undefined} node */
function nameOf(node) {
  return node?.name?.getText() ?? ''
}

/** @param {ts.Node} node */
function commentOf(node) {
  return ts
    .getJSDocCommentsAndTags(node)
    .map(({ comment }) => ts.getTextOfJSDocComment(comment) ?? '')
    .join(' ')
    .replace(/\s+/g, ' ')
}
