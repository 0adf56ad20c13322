import { useRef } from 'react'
import { useTranslation } from 'react-i18next'
import type { Row } from './row.js'

/** What a dialog asks about; the words stay while it fades out. */
export function useAsked(row: Row | null): {
  readonly name: string
  readonly publicPart?: string | undefined
} {
  const { t } = useTranslation()
  const last = useRef(row)
  if (row) last.current = row
  return { name: last.current?.name || t('list.unnamed'), publicPart: last.current?.publicPart }
}
