import { Button, Skeleton, VisuallyHidden } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { tokenList } from '../client/queries.js'
import type { TokenInfo } from '../client/wire.js'
import { useAnnounce } from '../notice/announce.js'
import { ProblemNotice } from '../notice/problem-notice.js'
import frame from '../style/frame.module.css'
import { focusToken } from './focus-token.js'
import { RevokeDialog } from './revoke-dialog.js'
import { TokenCards } from './token-cards.js'
import { TokenTable } from './token-table.js'
import style from './tokens.module.css'
import { useNow } from './use-now.js'

export function TokensPanel() {
  const { t } = useTranslation()
  const announce = useAnnounce()
  const now = useNow()
  const narrow = useMediaQuery('(max-width: 40em)', false, { getInitialValueInEffect: false })
  const list = useInfiniteQuery(tokenList)
  const [revoking, setRevoking] = useState<TokenInfo | null>(null)
  const [goingTo, setGoingTo] = useState<string | null>(null)
  const tokens = list.data?.pages.flatMap((page) => page.tokens)
  const isDrawn = tokens?.some((token) => token.token_id === goingTo) === true

  useEffect(() => {
    if (!isDrawn || goingTo === null) return
    focusToken(goingTo)
    setGoingTo(null)
  }, [isDrawn, goingTo])

  const loadMore = async () => {
    const { data, isError } = await list.fetchNextPage()
    const added = data?.pages.at(-1)?.tokens ?? []
    if (isError || added[0] === undefined) return
    announce(t('tokens.moreLoaded', { count: added.length }))
    setGoingTo(added[0].token_id)
  }

  const Tokens = narrow ? TokenCards : TokenTable
  return (
    <section className={frame.card} aria-labelledby="tokens-heading" aria-busy={list.isPending}>
      <h2 id="tokens-heading" tabIndex={-1} className={style.heading}>
        {t('tokens.heading')}
      </h2>
      {list.isPending && <TokensSkeleton label={t('tokens.loading')} />}
      {list.error && (
        <ProblemNotice
          failure={list.error}
          onRetry={() => (list.isFetchNextPageError ? loadMore() : list.refetch())}
          retrying={list.isFetching}
        />
      )}
      {tokens?.length === 0 && (
        <div className={style.empty}>
          <p className={style.emptyTitle}>{t('tokens.empty')}</p>
          <p>{t('tokens.emptyDetail')}</p>
        </div>
      )}
      {tokens && tokens.length > 0 && <Tokens tokens={tokens} now={now} onRevoke={setRevoking} />}
      {list.hasNextPage && !list.isFetchNextPageError && (
        <Button
          variant="default"
          mt="md"
          loading={list.isFetchingNextPage}
          onClick={() => {
            void loadMore()
          }}
        >
          {t('tokens.more')}
        </Button>
      )}
      <RevokeDialog token={revoking} onClose={() => setRevoking(null)} />
    </section>
  )
}

function TokensSkeleton({ label }: { label: string }) {
  return (
    <div>
      <VisuallyHidden role="status">{label}</VisuallyHidden>
      {['first', 'second', 'third'].map((row) => (
        <Skeleton key={row} height={48} mt="sm" />
      ))}
    </div>
  )
}
