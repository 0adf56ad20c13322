import { Button, TextInput } from '@mantine/core'
import { type SubmitEvent, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Failure } from '../client/failure.js'
import type { MintRequest } from '../client/wire.js'
import type { Kind } from '../kind.js'
import { ProblemNotice } from '../notice/problem-notice.js'
import style from './mint.module.css'
import { ScopesField } from './scopes-field.js'
import { useIdempotencyKey } from './use-idempotency-key.js'
import { firstValidity, lifetimeOf, type MintOptions, type Validity } from './validity.js'
import { ValidityField } from './validity-field.js'

interface MintFormProps {
  readonly kind: Kind
  readonly options: MintOptions
  readonly pending: boolean
  readonly failure: Failure | null
  readonly onSubmit: (request: MintRequest) => void
}

export function MintForm({ kind, options, pending, failure, onSubmit }: MintFormProps) {
  const { t } = useTranslation()
  const form = useRef<HTMLFormElement>(null)
  const [name, setName] = useState('')
  const [validity, setValidity] = useState<Validity>(() => firstValidity(options))
  const [scopes, setScopes] = useState(() =>
    options.scopes.filter((one) => one.default).map((one) => one.scope),
  )
  const [tried, setTried] = useState(false)

  const keyFor = useIdempotencyKey(failure)
  const lifetime = lifetimeOf(validity, options)
  const wrong = {
    name: name.trim().length > options.max_name_length,
    validity: lifetime === undefined,
    scopes: options.scopes.length > 0 && scopes.length === 0,
  }

  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault()
    if (pending) return
    setTried(true)
    if (lifetime === undefined || wrong.name || wrong.scopes) {
      // After React has marked the fields.
      requestAnimationFrame(() => form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus())
      return
    }
    const wish = {
      ...(name.trim() && { name: name.trim() }),
      ...(lifetime !== 'never' && { expires_in: lifetime }),
      ...(options.scopes.length > 0 && { scopes }),
    }
    onSubmit({ ...wish, idempotencyKey: keyFor(wish) })
  }

  return (
    <form ref={form} className={style.form} onSubmit={submit} noValidate>
      <TextInput
        label={t('mint.name')}
        description={t('mint.nameHint')}
        placeholder={t('mint.namePlaceholder')}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        maxLength={options.max_name_length}
        error={tried && wrong.name && t('mint.nameTooLong', { max: options.max_name_length })}
        autoComplete="off"
        spellCheck={false}
      />
      <ValidityField
        options={options}
        value={validity}
        onChange={setValidity}
        lifetime={lifetime}
        wrong={tried && wrong.validity}
      />
      {options.scopes.length > 0 && (
        <ScopesField
          options={options.scopes}
          value={scopes}
          onChange={setScopes}
          wrong={tried && wrong.scopes}
        />
      )}
      {failure && (
        <ProblemNotice failure={failure} consequence={t(`${kind}.failed`)} unknown={t(`${kind}.unknown`)} />
      )}
      <Button type="submit" size="md" loading={pending}>
        {t(`${kind}.submit`)}
      </Button>
    </form>
  )
}
