import type { Usage } from '../client/wire.js'

/** Ready to paste: how common programs come through the gate at an origin with a key. */
export function keyUsage(gate: string, key: string): Usage {
  return {
    curl: `curl ${gate}/v1/messages \\
  -H "x-api-key: ${key}" -H "content-type: application/json" \\
  -H "anthropic-version: 2023-06-01" \\
  -d '{"model": "claude-sonnet-4-5", "max_tokens": 256, "messages": [{"role": "user", "content": "Hello"}]}'`,
    claude_code: `export ANTHROPIC_BASE_URL=${gate}
export ANTHROPIC_AUTH_TOKEN=${key}
claude`,
    roo_code: `API Provider: OpenAI Compatible
Base URL: ${gate}/v1
API Key: ${key}`,
    openai_sdk: `export OPENAI_BASE_URL=${gate}/v1
export OPENAI_API_KEY=${key}`,
  }
}
