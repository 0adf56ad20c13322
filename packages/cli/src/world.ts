/** Epoch milliseconds. */
export type Millis = number

/** What a command sees of the world outside. */
export interface World {
  readonly env: Readonly<Record<string, string | undefined>>
  /** The home directory, absolute. */
  readonly home: string
  readonly platform: NodeJS.Platform
  now(): Millis
  sleep(milliseconds: number): Promise<void>
  /** Results; one call is one line or more, each ended. */
  print(text: string): void
  /** Everything else; never a token. */
  notify(text: string): void
  openBrowser(url: string): void
  /** Finishes the work before a signal ends the process. */
  uninterrupted<T>(work: () => Promise<T>): Promise<T>
}
