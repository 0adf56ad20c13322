/** Ends the command with one line on stderr. The message quotes no token. */
export class Failure extends Error {
  readonly exitCode: 1 | 2 = 1
}

/** The command line is wrong; trying again will not help. */
export class Misuse extends Failure {
  override readonly exitCode = 2
}

/** The gate gave no answer, or none that it would stand by; asking again may help. */
export class OutOfReach extends Failure {}

/** The gate said no (RFC 6749 §5.2). */
export class Refused extends Failure {
  constructor(
    readonly error: string,
    message: string,
  ) {
    super(message)
  }
}

/** The line for whatever went wrong. Of what nobody foresaw it says no more than the name: it could quote a token. */
export function describeFailure(error: unknown): string {
  if (error instanceof Failure) return error.message
  if (isSystemError(error)) return `${error.code}: ${error.syscall}${error.path ? ` ${error.path}` : ''}`
  return `something unforeseen went wrong (${error instanceof Error ? error.name : typeof error})`
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException & { syscall: string } {
  return error instanceof Error && 'code' in error && 'syscall' in error
}

export function hasCode(error: unknown, code: string): boolean {
  return isSystemError(error) && error.code === code
}

/** What another machine wrote, fit for a terminal: one line, no control characters, nothing as long as a token. */
export function quoteUntrusted(text: string): string {
  return text
    .replace(/[\p{C}\p{Z}]+/gu, ' ')
    .replace(/[\w.~+/=-]{40,}/g, '…')
    .trim()
    .slice(0, 300)
}
