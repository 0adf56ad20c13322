/** What the page is about, a tab for each: tokens that run out, and API keys that may last. */
export const KINDS = ['token', 'key'] as const
export type Kind = (typeof KINDS)[number]
