import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { keyList, useRevokeKey } from '../client/keys.js'
import type { KeyInfo } from '../client/wire.js'
import { ListPanel } from '../list/list-panel.js'
import { RevokeDialog } from '../list/revoke-dialog.js'
import type { Row } from '../list/row.js'
import { RowButton } from '../list/row-button.js'
import { type Rotate, RotateDialog } from './rotate-dialog.js'

const rowOf = (key: KeyInfo): Row => ({
  ...key,
  id: key.key_id,
  name: key.key_name,
  publicPart: key.key_id,
  status: 'active',
})

interface KeysPanelProps {
  readonly rotate: Rotate
  /** Not while a key is on show: the next one would take its place before it is copied. */
  readonly mayRotate: boolean
}

export function KeysPanel({ rotate, mayRotate }: KeysPanelProps) {
  const list = useQuery(keyList)
  const revoke = useRevokeKey()
  const [asked, setAsked] = useState<{ readonly action: 'revoke' | 'rotate'; readonly row: Row } | null>(null)
  const rowFor = (action: 'revoke' | 'rotate') => (asked?.action === action ? asked.row : null)
  const close = () => setAsked(null)
  return (
    <ListPanel
      kind="key"
      list={list}
      rows={list.data?.keys.map(rowOf)}
      actions={(row) => (
        <>
          {mayRotate && (
            <RowButton action="rotate" row={row} onClick={() => setAsked({ action: 'rotate', row })} />
          )}
          <RowButton action="revoke" row={row} onClick={() => setAsked({ action: 'revoke', row })} />
        </>
      )}
      onRetry={() => list.refetch()}
    >
      <RotateDialog row={rowFor('rotate')} rotate={rotate} onClose={close} />
      <RevokeDialog kind="key" row={rowFor('revoke')} revoke={revoke} onClose={close} />
    </ListPanel>
  )
}
