import path from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../..', import.meta.url))

/** What the scripts remember between runs; gone with `node_modules`. */
export const cache = path.join(root, 'node_modules', '.cache', 'portcullis')
