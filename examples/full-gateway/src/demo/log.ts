import type { Logger } from 'pino'

/** What the demo parts need of a logger. */
export type DemoLog = Pick<Logger, 'info' | 'warn' | 'error'>
