import { ApiFailure } from './failure.js'

export interface Model {
  readonly id: string
  readonly displayName: string
  readonly ownedBy: 'anthropic' | 'openai' | 'portcullis'
  readonly kind: 'chat' | 'embedding'
  /** Length of an embedding. */
  readonly dimensions?: number
  readonly behaviour?: Behaviour
}

/** What goes wrong, on demand, with a model whose name says so. */
export type Behaviour = 'overloaded' | 'rate-limited' | 'failing' | 'slow' | 'reset'

/** Names that the official SDKs know, so that what is written for a vendor runs here unchanged. */
const CLAUDE = `
  opus-5-5 sonnet-5-5 haiku-5-5 fable-5-2 fable-5-1 fable-5 mythos-5-2 mythos-5-1 mythos-5 opus-5 sonnet-5
  opus-4-8 opus-4-7 opus-4-6 sonnet-4-6 opus-4-5 sonnet-4-5 haiku-4-5 opus-4-1 opus-4 sonnet-4
  3-7-sonnet 3-5-sonnet 3-5-haiku 3-opus 3-haiku`
const GPT = `
  5.6-sol 5.6-terra 5.6-luna 5.4 5.4-mini 5.4-nano 5.2 5.2-pro 5.1 5.1-mini 5.1-codex 5 5-mini 5-nano 5-pro 5-codex
  4.1 4.1-mini 4.1-nano 4o 4o-mini 4-turbo 4 3.5-turbo`
const REASONING = 'o4-mini o3 o3-mini o1'

export const MODELS: readonly Model[] = [
  ...words(CLAUDE).map((name) => claude(`claude-${name}`)),
  ...words(GPT).map((name) => chat(`gpt-${name}`, `GPT-${name}`, 'openai')),
  ...words(REASONING).map((id) => chat(id, id, 'openai')),
  embedding('text-embedding-3-small', 1536),
  embedding('text-embedding-3-large', 3072),
  embedding('text-embedding-ada-002', 1536),
  misbehaving('overloaded'),
  misbehaving('rate-limited'),
  misbehaving('failing'),
  misbehaving('slow'),
  misbehaving('reset'),
]

const SNAPSHOT = /-(?:\d{8}|\d{4}-\d{2}-\d{2}|latest|0)$/

/** The model of that name or alias (a dated snapshot, `-latest`, `-0`). Throws `ApiFailure` for an unknown one. */
export function findModel(id: string, kind?: Model['kind']): Model {
  const name = id.replace(SNAPSHOT, '')
  const model = MODELS.find((one) => one.id === id || one.id === name)
  if (model === undefined || (kind !== undefined && model.kind !== kind))
    throw new ApiFailure('unknown-model', id)
  return model
}

/** Throws what the model was asked to fail with before it says anything. */
export function failOnDemand({ behaviour }: Model): void {
  if (behaviour === 'overloaded') throw new ApiFailure('overloaded', 'Overloaded')
  if (behaviour === 'rate-limited')
    throw new ApiFailure(
      'rate-limited',
      'This model answers every request as one too many. Try again in 1 second.',
    )
  if (behaviour === 'failing') throw new ApiFailure('internal', 'Internal server error')
}

function words(text: string): string[] {
  return text.trim().split(/\s+/)
}

/** `claude-opus-4-5` is Claude Opus 4.5, and so was `claude-3-5-haiku` Claude Haiku 3.5. */
function claude(id: string): Model {
  const parts = id.split('-').slice(1)
  const family = parts.find((part) => /^[a-z]/.test(part)) ?? ''
  const version = parts.filter((part) => /^\d/.test(part)).join('.')
  return chat(id, `Claude ${family.charAt(0).toUpperCase()}${family.slice(1)} ${version}`, 'anthropic')
}

function chat(id: string, displayName: string, ownedBy: 'anthropic' | 'openai'): Model {
  return { id, displayName, ownedBy, kind: 'chat' }
}

function embedding(id: string, dimensions: number): Model {
  return { id, displayName: id, ownedBy: 'openai', kind: 'embedding', dimensions }
}

function misbehaving(behaviour: Behaviour): Model {
  return {
    id: `demo-${behaviour}`,
    displayName: `Demo, ${behaviour}`,
    ownedBy: 'portcullis',
    kind: 'chat',
    behaviour,
  }
}
