import { Checkbox } from '@mantine/core'
import { useId } from 'react'
import { useTranslation } from 'react-i18next'
import type { ScopeOption } from '../client/wire.js'
import style from './mint.module.css'

interface ScopesFieldProps {
  readonly options: readonly ScopeOption[]
  readonly value: string[]
  readonly onChange: (value: string[]) => void
  readonly wrong: boolean
}

export function ScopesField({ options, value, onChange, wrong }: ScopesFieldProps) {
  const { t } = useTranslation()
  const wrongId = useId()
  return (
    <fieldset className={style.field} aria-describedby={wrong ? wrongId : undefined}>
      <legend className={style.legend}>{t('mint.scopes')}</legend>
      <Checkbox.Group value={value} onChange={onChange} role="presentation">
        <div className={style.scopes}>
          {options.map((one) => (
            <Checkbox
              key={one.scope}
              value={one.scope}
              label={<code className={style.scope}>{one.scope}</code>}
              description={one.description}
              aria-invalid={wrong || undefined}
            />
          ))}
        </div>
      </Checkbox.Group>
      {wrong && (
        <p id={wrongId} className={style.wrong} role="alert">
          {t('mint.noScope')}
        </p>
      )}
    </fieldset>
  )
}
