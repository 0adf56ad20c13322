import type { IncomingMessage, ServerResponse } from 'node:http'
import { format } from 'node:util'
import { type DestinationStream, type Logger, pino } from 'pino'
import { pathOf, redactFields, redactText, redactValue } from './logging/redact.js'
import type { LogLevel } from './settings/fields.js'

/**
 * A logger that writes one JSON object a line (to stdout unless told otherwise) and never a credential: fields named
 * like one are replaced at any depth, headers are left out, and text is searched for tokens, keys and queries.
 */
export function createLogger(level: LogLevel, destination?: DestinationStream): Logger {
  const logger = pino(
    {
      level,
      base: null,
      timestamp: isoTime,
      formatters: { level: (label) => ({ level: label }), log: redactFields },
      // Errors are plain objects by the time that a serializer sees them.
      serializers: { err: (error: unknown) => error },
      hooks: {
        logMethod(args: unknown[], method) {
          const [first, ...rest] = args
          const fields = typeof first === 'object' && first !== null ? first : {}
          method.call(this, fields, messageOf(fields === first ? rest : args, fields))
        },
      },
    },
    destination ?? standardOutput(),
  )
  const { child } = logger
  // Pino applies no formatter to what a child is bound to.
  logger.child = function (this: Logger, bindings: object, options?: object) {
    return child.call(this, redactFields({ ...bindings }), options)
  } as typeof child
  return logger
}

let lastMillisecond = Number.NaN
let lastTime = ''

/** As pino writes it, once for all lines of a millisecond. */
function isoTime(): string {
  const now = Date.now()
  if (now !== lastMillisecond) {
    lastMillisecond = now
    lastTime = `,"time":"${new Date(now).toISOString()}"`
  }
  return lastTime
}

/** What may wait for a reader of standard output; more is lost. */
const UNREAD_AT_MOST_BYTES = 64 * 1024 * 1024

/**
 * Lines that come while others are being written are written together; whatever waits is written when the process exits,
 * also by an exception that nobody caught.
 */
function standardOutput(): DestinationStream {
  const output = pino.destination({ dest: 1, sync: false, maxLength: UNREAD_AT_MOST_BYTES })
  output.once('drop', () => process.stderr.write('Nobody reads the log: lines of it are lost\n'))
  return output
}

/** Put together here, since what pino formats is past every other hook. */
function messageOf(parts: readonly unknown[], fields: object): string | undefined {
  const [template, ...values] = parts
  if (typeof template === 'string' && values.length === 0) return redactText(template)
  if (template !== undefined) return redactText(format(...[template, ...values].map(printable)))
  const error = fields instanceof Error ? fields : 'err' in fields ? fields.err : undefined
  return error instanceof Error ? redactText(error.message) : undefined
}

/** Text is redacted once it stands in its context. */
function printable(value: unknown): unknown {
  return typeof value === 'string' ? value : redactValue(value)
}

/** Fields that say more about a request once it was answered, such as who made it. */
export type RequestDescription<Req extends IncomingMessage> = (req: Req) => Readonly<Record<string, unknown>>

/**
 * Logs a request once, when its answer was sent or its client left: method, path without query, status, duration, and
 * what `describe` knows by then. No header and no query is ever logged. Answers of 500 and above are warnings, except for 501 and 505; `/health`
 * and `/ready` are logged at debug. Call it before any router: they rewrite `url` while they mount.
 */
export function logRequest(
  logger: Logger,
  req: IncomingMessage,
  res: ServerResponse,
  describe: () => Readonly<Record<string, unknown>>,
): void {
  const startedAt = performance.now()
  const path = pathOf(req.url)
  res.once('close', () => {
    const fields: Record<string, unknown> = {
      method: req.method,
      path,
      status: res.headersSent ? res.statusCode : undefined,
      duration_ms: Math.round(performance.now() - startedAt),
    }
    if (!res.writableFinished) fields.aborted = true
    Object.assign(fields, describe())
    logger[levelFor(path, res.statusCode)](fields, 'request')
  })
}

/** `logRequest` as Connect-style middleware. */
export function requestLogging<Req extends IncomingMessage = IncomingMessage>(
  logger: Logger,
  describe: RequestDescription<Req> = () => ({}),
) {
  return (req: Req, res: ServerResponse, next: () => void): void => {
    logRequest(logger, req, res, () => describe(req))
    next()
  }
}

/** What a client asked for that no server does here, such as an unknown protocol, is no fault of ours. */
const ASKED_FOR_BY_CLIENTS: ReadonlySet<number> = new Set([501, 505])

function levelFor(path: string, status: number): 'debug' | 'info' | 'warn' {
  if (status >= 500 && !ASKED_FOR_BY_CLIENTS.has(status)) return 'warn'
  return path === '/health' || path === '/ready' ? 'debug' : 'info'
}
