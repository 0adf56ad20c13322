import type { ForwardOptions } from '@portcullis/core/proxy'

/** The options of `createForwarder` that are about headers. */
export type HeaderOptions = Required<
  Pick<
    ForwardOptions,
    'identityHeaders' | 'distrustRequestHeaders' | 'removeRequestHeaders' | 'removeResponseHeaders'
  >
>

/**
 * Headers that LLM gateways and APIs behind Portcullis go by: tells LiteLLM who calls beside core's own identity headers,
 * and takes from callers the names by which such a service would charge, limit, log or send a request elsewhere. Spread it
 * into the options of `createForwarder`; `allowRequestHeaders` lets through what is not a credential.
 */
export function llmHeaders(): HeaderOptions {
  return {
    identityHeaders: {
      'x-litellm-end-user-id': 'accountId',
      'x-portcullis-user': 'accountId',
      'x-portcullis-email': 'email',
    },
    distrustRequestHeaders: [
      'x-litellm-*',
      'x-openwebui-*',
      'x-portkey-*',
      'x-bf-*',
      'x-tfy-*',
      'helicone-*',
      'cf-aig-*',
      'openai-organization',
      'openai-project',
    ],
    removeRequestHeaders: ['x-litellm-api-key'],
    removeResponseHeaders: ['x-litellm-model-api-base'],
  }
}
