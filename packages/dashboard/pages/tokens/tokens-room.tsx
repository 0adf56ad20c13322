import { useQuery } from '@tanstack/react-query'
import { tokenOptions, useMint } from '../client/queries.js'
import { MintRoom, type OnShown } from '../mint/mint-room.js'
import { TokensPanel } from './tokens-panel.js'

export function TokensRoom({ onShown }: { onShown: OnShown }) {
  const options = useQuery(tokenOptions)
  const mint = useMint()
  const fresh = mint.data && {
    ...mint.data,
    secret: mint.data.token,
    name: mint.data.token_name,
    usage: mint.data.usage_instructions,
  }
  return (
    <MintRoom kind="token" options={options} mint={mint} fresh={fresh} onDone={mint.reset} onShown={onShown}>
      <TokensPanel />
    </MintRoom>
  )
}
