import { queryOptions } from '@tanstack/react-query'
import { tokenOptions } from '../client/queries.js'
import type { TokenOptions } from '../client/wire.js'
import type { MintOptions } from '../mint/validity.js'

const DAY = 86_400

/** A key may carry what a token may, and lives as long as `POST /v1/user/keys` takes, or for ever. */
const forKeys = (options: TokenOptions): MintOptions => ({
  ...options,
  min_expires_in: 60,
  max_expires_in: 10 * 366 * DAY,
  default_expires_in: 90 * DAY,
  presets: ['never', 30 * DAY, 90 * DAY, 365 * DAY],
})

export const keyOptions = queryOptions({ ...tokenOptions, select: forKeys })
