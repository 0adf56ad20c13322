import { Button } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { tokenList, useRevoke } from '../client/queries.js'
import type { TokenInfo } from '../client/wire.js'
import { focusRow } from '../list/focus-row.js'
import { ListPanel } from '../list/list-panel.js'
import { RevokeDialog } from '../list/revoke-dialog.js'
import type { Row } from '../list/row.js'
import { RowButton } from '../list/row-button.js'
import { useAnnounce } from '../notice/announce.js'

const rowOf = (token: TokenInfo): Row => ({ ...token, id: token.token_id, name: token.token_name })

export function TokensPanel() {
  const { t } = useTranslation()
  const announce = useAnnounce()
  const list = useInfiniteQuery(tokenList)
  const revoke = useRevoke()
  const [revoking, setRevoking] = useState<Row | null>(null)
  const [goingTo, setGoingTo] = useState<string | null>(null)
  const rows = list.data?.pages.flatMap((page) => page.tokens.map(rowOf))
  const isDrawn = rows?.some((row) => row.id === goingTo) === true

  useEffect(() => {
    if (!isDrawn || goingTo === null) return
    focusRow('token', goingTo)
    setGoingTo(null)
  }, [isDrawn, goingTo])

  const loadMore = async () => {
    const { data, isError } = await list.fetchNextPage()
    const added = data?.pages.at(-1)?.tokens ?? []
    if (isError || added[0] === undefined) return
    announce(t('list.moreLoaded', { count: added.length }))
    setGoingTo(added[0].token_id)
  }

  return (
    <ListPanel
      kind="token"
      list={list}
      rows={rows}
      actions={(row) => <RowButton action="revoke" row={row} onClick={setRevoking} />}
      onRetry={() => (list.isFetchNextPageError ? loadMore() : list.refetch())}
    >
      {list.hasNextPage && !list.isFetchNextPageError && (
        <Button
          variant="default"
          mt="md"
          loading={list.isFetchingNextPage}
          onClick={() => {
            void loadMore()
          }}
        >
          {t('list.more')}
        </Button>
      )}
      <RevokeDialog kind="token" row={revoking} revoke={revoke} onClose={() => setRevoking(null)} />
    </ListPanel>
  )
}
