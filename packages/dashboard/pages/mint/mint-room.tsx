import { Skeleton } from '@mantine/core'
import type { UseQueryResult } from '@tanstack/react-query'
import { type ReactNode, useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import type { Failure } from '../client/failure.js'
import type { MintRequest } from '../client/wire.js'
import type { Kind } from '../kind.js'
import { useAnnounce } from '../notice/announce.js'
import { ProblemNotice } from '../notice/problem-notice.js'
import frame from '../style/frame.module.css'
import { MintForm } from './mint-form.js'
import { type Fresh, Minted } from './minted.js'
import type { MintOptions } from './validity.js'

/** Told whether a token or key is on show; it stays on the page until it no longer is. */
export type OnShown = (kind: Kind, shown: boolean) => void

interface MintRoomProps {
  readonly kind: Kind
  readonly options: UseQueryResult<MintOptions, Failure>
  readonly mint: {
    readonly isPending: boolean
    readonly error: Failure | null
    mutate(request: MintRequest): void
  }
  readonly fresh: Fresh | undefined
  readonly onDone: () => void
  readonly onShown: OnShown
  /** The list beside or below. */
  readonly children: ReactNode
}

/** Where a token or key is asked for, and then shown: once, until the reader says that it is copied. */
export function MintRoom({ kind, options, mint, fresh, onDone, onShown, children }: MintRoomProps) {
  const { t } = useTranslation()
  const announce = useAnnounce()
  const shown = fresh !== undefined
  const headingId = `${kind}-${shown ? 'minted' : 'mint'}-heading`

  useEffect(() => onShown(kind, shown), [onShown, kind, shown])

  const done = () => {
    onDone()
    announce(t(`${kind}.cleared`))
  }

  return (
    <div className={frame.rooms} data-split={shown ? undefined : true}>
      <section className={frame.card} aria-labelledby={headingId} aria-busy={!shown && options.isPending}>
        {fresh ? (
          <Minted key={fresh.secret} kind={kind} fresh={fresh} headingId={headingId} onDone={done} />
        ) : (
          <>
            <h2 id={headingId} tabIndex={-1}>
              {t(`${kind}.create`)}
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
                kind={kind}
                options={options.data}
                pending={mint.isPending}
                failure={mint.error}
                onSubmit={(request) => mint.mutate(request)}
              />
            )}
          </>
        )}
      </section>
      {children}
    </div>
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
