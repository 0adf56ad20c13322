import { useQuery } from '@tanstack/react-query'
import { type RotatedKey, useCreateKey, useRotateKey } from '../client/keys.js'
import type { CreatedKey } from '../client/wire.js'
import { MintRoom, type OnShown } from '../mint/mint-room.js'
import type { Fresh } from '../mint/minted.js'
import { keyOptions } from './key-options.js'
import { keyUsage } from './key-usage.js'
import { KeysPanel } from './keys-panel.js'

const freshOf = (created: CreatedKey | RotatedKey): Fresh => ({
  ...created,
  secret: created.key,
  name: created.key_name,
  usage: keyUsage(location.origin, created.key),
})

export function KeysRoom({ onShown }: { onShown: OnShown }) {
  const options = useQuery(keyOptions)
  const create = useCreateKey()
  const rotate = useRotateKey()
  // Both hold a key when two were asked for at once: the other one comes after.
  const shown = rotate.data ? rotate : create
  return (
    <MintRoom
      kind="key"
      options={options}
      mint={create}
      fresh={shown.data && freshOf(shown.data)}
      onDone={() => shown.reset()}
      onShown={onShown}
    >
      <KeysPanel rotate={rotate} mayRotate={shown.data === undefined} />
    </MintRoom>
  )
}
