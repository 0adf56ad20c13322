import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'

/** Vendors, models, tools and conventions of LLM APIs. They belong to `@portcullis/llm`. */
const WORDS =
  /openai|anthropic|claude|\bgpt|chatgpt|gemini|mistral|llama|cohere|deepseek|grok|bedrock|vllm|(?<!\p{L})llms?(?!\p{L})|litellm|proxy_admin|internal_user|open-?webui|roo_code|helicone|(?<!m)portkey|langfuse|langchain|cf-aig|x-bf-|x-tfy-|end-user-id/iu

it('core knows no LLM: no vendor, model, tool or header of one stands in its sources', () => {
  const root = join(import.meta.dirname, '../src')
  const files = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  expect(files.length).toBeGreaterThan(200)
  const found = files.flatMap(({ parentPath, name }) => {
    const path = join(parentPath, name)
    const lines = [path.slice(root.length), ...readFileSync(path, 'utf8').split('\n')]
    return lines.filter((line) => WORDS.test(line)).map((line) => `${path}: ${line}`)
  })
  expect(found).toEqual([])
})
