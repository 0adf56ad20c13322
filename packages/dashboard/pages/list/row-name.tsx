import { useTranslation } from 'react-i18next'
import type { Kind } from '../kind.js'
import { rowElementId } from './focus-row.js'
import style from './list.module.css'
import type { Row } from './row.js'

export function RowName({ kind, row }: { kind: Kind; row: Row }) {
  const { t } = useTranslation()
  return (
    <div className={style.nameCell}>
      <span id={rowElementId(kind, row.id)} tabIndex={-1} className={style.name}>
        {row.name || t('list.unnamed')}
      </span>
      {row.publicPart && <code className={style.publicPart}>{row.publicPart}</code>}
      {row.scopes.length > 0 && <code className={style.scopes}>{row.scopes.join(' ')}</code>}
    </div>
  )
}
