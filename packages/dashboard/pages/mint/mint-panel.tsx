import { Skeleton } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import { tokenOptions, useMint } from '../client/queries.js'
import { useAnnounce } from '../notice/announce.js'
import { ProblemNotice } from '../notice/problem-notice.js'
import frame from '../style/frame.module.css'
import { MintForm } from './mint-form.js'
import { Minted } from './minted.js'

/** Where a token is asked for, and then shown: once, until the reader says that it is copied. */
export function MintPanel({ onMinted }: { onMinted: (shown: boolean) => void }) {
  const { t } = useTranslation()
  const announce = useAnnounce()
  const options = useQuery(tokenOptions)
  const mint = useMint()
  const shown = mint.data !== undefined

  useEffect(() => onMinted(shown), [onMinted, shown])

  if (mint.data) {
    const done = () => {
      mint.reset()
      announce(t('minted.cleared'))
    }
    return (
      <section className={frame.card} aria-labelledby="minted-heading">
        <Minted minted={mint.data} onDone={done} />
      </section>
    )
  }
  return (
    <section className={frame.card} aria-labelledby="mint-heading" aria-busy={options.isPending}>
      <h2 id="mint-heading" tabIndex={-1}>
        {t('mint.heading')}
      </h2>
      {options.isPending && <MintSkeleton />}
      {options.error && (
        <ProblemNotice
          failure={options.error}
          onRetry={() => options.refetch()}
          retrying={options.isFetching}
        />
      )}
      {options.data && (
        <MintForm
          options={options.data}
          pending={mint.isPending}
          failure={mint.error}
          onSubmit={(request) => mint.mutate(request, { onSuccess: () => announce(t('minted.announced')) })}
        />
      )}
    </section>
  )
}

function MintSkeleton() {
  return (
    <>
      <Skeleton height={36} mt="lg" />
      <Skeleton height={72} mt="lg" />
      <Skeleton height={96} mt="lg" />
      <Skeleton height={42} width="50%" mt="lg" />
    </>
  )
}
