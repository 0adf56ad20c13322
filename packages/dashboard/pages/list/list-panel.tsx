import { Skeleton, VisuallyHidden } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { Failure } from '../client/failure.js'
import { ProblemNotice } from '../notice/problem-notice.js'
import frame from '../style/frame.module.css'
import { listHeadingId } from './focus-row.js'
import style from './list.module.css'
import { ListCards } from './list-cards.js'
import { ListTable } from './list-table.js'
import type { Rows } from './row.js'
import { useNow } from './use-now.js'

interface ListPanelProps extends Pick<Rows, 'kind' | 'actions'> {
  readonly list: { readonly isPending: boolean; readonly isFetching: boolean; readonly error: Failure | null }
  /** Undefined as long as there is no answer. */
  readonly rows: Rows['rows'] | undefined
  readonly onRetry: () => unknown
  /** What follows the list. */
  readonly children: ReactNode
}

export function ListPanel({ kind, list, rows, actions, onRetry, children }: ListPanelProps) {
  const { t } = useTranslation()
  const now = useNow()
  const narrow = useMediaQuery('(max-width: 40em)', false, { getInitialValueInEffect: false })
  const headingId = listHeadingId(kind)
  const List = narrow ? ListCards : ListTable
  return (
    <section className={frame.card} aria-labelledby={headingId} aria-busy={list.isPending}>
      <h2 id={headingId} tabIndex={-1} className={style.heading}>
        {t(`${kind}.list`)}
      </h2>
      {list.isPending && <ListSkeleton label={t(`${kind}.loading`)} />}
      {list.error && <ProblemNotice failure={list.error} onRetry={onRetry} retrying={list.isFetching} />}
      {rows?.length === 0 && (
        <div className={style.empty}>
          <p className={style.emptyTitle}>{t(`${kind}.empty`)}</p>
          <p>{t(`${kind}.emptyDetail`)}</p>
        </div>
      )}
      {rows && rows.length > 0 && <List kind={kind} rows={rows} now={now} actions={actions} />}
      {children}
    </section>
  )
}

function ListSkeleton({ label }: { label: string }) {
  return (
    <div>
      <VisuallyHidden role="status">{label}</VisuallyHidden>
      {['first', 'second', 'third'].map((row) => (
        <Skeleton key={row} height={48} mt="sm" />
      ))}
    </div>
  )
}
