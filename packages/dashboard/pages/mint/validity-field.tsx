import { Input, TextInput } from '@mantine/core'
import { useId } from 'react'
import { useTranslation } from 'react-i18next'
import { Icon } from '../icon.js'
import { absolute, duration } from '../locale/time.js'
import { ChipsField } from './chips-field.js'
import style from './mint.module.css'
import {
  asCustom,
  type Lifetime,
  type MintOptions,
  presets,
  UNITS,
  type Unit,
  type Validity,
} from './validity.js'

interface ValidityFieldProps {
  readonly options: MintOptions
  readonly value: Validity
  readonly onChange: (value: Validity) => void
  /** What the value amounts to; undefined when it is out of range. */
  readonly lifetime: Lifetime | undefined
  readonly wrong: boolean
}

export function ValidityField({ options, value, onChange, lifetime, wrong }: ValidityFieldProps) {
  const { t, i18n } = useTranslation()
  const custom = () => asCustom(typeof lifetime === 'number' ? lifetime : options.default_expires_in)
  const offered = presets(options).map((preset) => ({
    value: preset,
    label: preset === 'never' ? t('mint.endless') : duration(preset, i18n.language),
  }))
  const hint = (asked: Lifetime) =>
    asked === 'never'
      ? t('mint.endlessHint')
      : t('mint.expires', { time: absolute(Date.now() / 1000 + asked, i18n.language) })
  return (
    <ChipsField
      label={t('mint.validity')}
      chips={[...offered, { value: 'custom' as const, label: t('mint.custom') }]}
      value={value.preset}
      hint={lifetime === undefined ? undefined : hint(lifetime)}
      onChange={(preset) => onChange(preset === 'custom' ? custom() : { preset })}
    >
      {value.preset === 'custom' && (
        <CustomValidity options={options} value={value} onChange={onChange} wrong={wrong} />
      )}
    </ChipsField>
  )
}

interface CustomValidityProps extends Pick<ValidityFieldProps, 'options' | 'onChange' | 'wrong'> {
  readonly value: Extract<Validity, { preset: 'custom' }>
}

function CustomValidity({ options, value, onChange, wrong }: CustomValidityProps) {
  const { t, i18n } = useTranslation()
  const range = t('mint.outOfRange', {
    min: duration(options.min_expires_in, i18n.language),
    max: duration(options.max_expires_in, i18n.language),
  })
  const unitId = useId()
  return (
    <div className={style.custom}>
      <TextInput
        label={t('mint.amount')}
        value={value.amount}
        onChange={(event) => onChange({ ...value, amount: event.currentTarget.value })}
        inputMode="numeric"
        maxLength={9}
        error={wrong && range}
        autoComplete="off"
      />
      <Input.Wrapper label={t('mint.unit')} id={unitId}>
        <Input
          component="select"
          id={unitId}
          rightSection={<Icon shape="chevron" size={16} />}
          rightSectionPointerEvents="none"
          value={value.unit}
          onChange={(event) => onChange({ ...value, unit: event.currentTarget.value as Unit })}
        >
          {Object.keys(UNITS).map((unit) => (
            <option key={unit} value={unit}>
              {t(`mint.${unit as Unit}`)}
            </option>
          ))}
        </Input>
      </Input.Wrapper>
    </div>
  )
}
