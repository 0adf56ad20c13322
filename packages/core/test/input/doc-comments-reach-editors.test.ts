import path from 'node:path'
import ts from 'typescript'
import { expect, it } from 'vitest'

const PROBE = path.join(import.meta.dirname, 'probe.ts')
const TEXT = `
import { integer, text } from '../../src/input/kinds.js'
import { type GivenOptions, optional, required, type UsedOptions } from '../../src/input/options.js'
const TABLE = {
  /** Where it is. */
  url: required(text),
  /** How long it may take. */
  timeoutMs: optional(integer(1, 9), { default: 5 }),
}
interface Options extends GivenOptions<typeof TABLE> {}
interface Resolved extends UsedOptions<typeof TABLE> {}
export const given: Options = { url: 'a', timeoutMs: 1 }
export const used = (resolved: Resolved) => [resolved.url, resolved.timeoutMs]
`

it('an editor shows the doc comment of a table where an option is given and where it is used', () => {
  const options: ts.CompilerOptions = {
    strict: true,
    exactOptionalPropertyTypes: true,
    module: ts.ModuleKind.NodeNext,
    target: ts.ScriptTarget.ES2023,
    types: [],
  }
  const readFile = (file: string) => (file === PROBE ? TEXT : ts.sys.readFile(file))
  const service = ts.createLanguageService({
    getCompilationSettings: () => options,
    getScriptFileNames: () => [PROBE],
    getScriptVersion: () => '1',
    getScriptSnapshot: (file) => {
      const text = readFile(file)
      return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text)
    },
    getCurrentDirectory: () => import.meta.dirname,
    getDefaultLibFileName: ts.getDefaultLibFilePath,
    fileExists: (file) => file === PROBE || ts.sys.fileExists(file),
    readFile,
  })
  const shownAt = (code: string, member: string) => {
    const at = TEXT.indexOf(member, TEXT.indexOf(code))
    const { displayParts, documentation } = service.getQuickInfoAtPosition(PROBE, at) ?? {}
    return [displayParts, documentation].map((parts) => ts.displayPartsToString(parts))
  }
  expect(service.getSemanticDiagnostics(PROBE)).toEqual([])
  expect(shownAt('given: Options', 'url')).toEqual(['(property) url: string', 'Where it is.'])
  expect(shownAt('given: Options', 'timeoutMs')).toEqual([
    '(property) timeoutMs?: number',
    'How long it may take.',
  ])
  expect(shownAt('=> [resolved', 'timeoutMs')[1]).toBe('How long it may take.')
  service.dispose()
}, 60_000)
