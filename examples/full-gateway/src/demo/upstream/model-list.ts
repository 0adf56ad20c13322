import type { Exchange, Reply } from './exchange.js'
import { findModel, MODELS, type Model } from './models.js'

/** Of the stand-ins, not of the models that they stand in for. */
const CREATED_AT = '2026-01-01T00:00:00Z'

const MODELS_PATH = '/v1/models/'

/** `GET /v1/models` and `GET /v1/models/{id}`, in the words of the API whose client asks. */
export function describeModels({ path, headers }: Exchange): Reply {
  const isAnthropic = headers['anthropic-version'] !== undefined
  const describe: (model: Model) => { readonly id: string } = isAnthropic ? forAnthropic : forOpenAi
  if (path.startsWith(MODELS_PATH))
    return { kind: 'json', body: describe(findModel(path.slice(MODELS_PATH.length))) }
  const data = MODELS.filter(({ kind }) => !isAnthropic || kind === 'chat').map(describe)
  if (!isAnthropic) return { kind: 'json', body: { object: 'list', data } }
  return {
    kind: 'json',
    body: { data, has_more: false, first_id: data.at(0)?.id ?? null, last_id: data.at(-1)?.id ?? null },
  }
}

function forAnthropic({ id, displayName }: Model) {
  return { type: 'model', id, display_name: displayName, created_at: CREATED_AT }
}

function forOpenAi({ id, ownedBy }: Model) {
  return { id, object: 'model', created: Date.parse(CREATED_AT) / 1000, owned_by: ownedBy }
}
