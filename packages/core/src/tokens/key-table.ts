import { objectOf } from '../input/check.js'
import { checkedByValue } from '../input/kinds.js'

/** What a signing key may say; which of it belongs together is checked where keys are imported. */
export const SIGNING_KEY = objectOf<{
  algorithm: unknown
  kid: unknown
  secret: unknown
  privateKey: unknown
  publicKey: unknown
}>({
  algorithm: checkedByValue,
  kid: checkedByValue,
  secret: checkedByValue,
  privateKey: checkedByValue,
  publicKey: checkedByValue,
})
