import type { UsageInstructions } from '@portcullis/core'

/** How common programs call an LLM API through the gate. Hand it to `createGate` as `usageInstructions`. */
export function llmUsage(): UsageInstructions {
  return ({ token, publicUrl }) => ({
    curl: [
      `curl ${publicUrl}/v1/messages \\`,
      `  -H "authorization: Bearer ${token}" \\`,
      '  -H "anthropic-version: 2023-06-01" -H "content-type: application/json" \\',
      `  -d '{"model":"claude-sonnet-4-5","max_tokens":256,"messages":[{"role":"user","content":"Hello"}]}'`,
    ].join('\n'),
    claude_code: [
      `export ANTHROPIC_BASE_URL=${publicUrl}`,
      `export ANTHROPIC_AUTH_TOKEN=${token}`,
      'claude',
    ].join('\n'),
    roo_code: ['API Provider: OpenAI Compatible', `Base URL: ${publicUrl}/v1`, `API Key: ${token}`].join(
      '\n',
    ),
    openai_sdk: [
      'from openai import OpenAI',
      '',
      `client = OpenAI(base_url="${publicUrl}/v1", api_key="${token}")`,
    ].join('\n'),
  })
}
