import { Chip, Input, TextInput } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { TokenOptions } from '../client/wire.js'
import { Icon } from '../icon.js'
import { absolute, duration } from '../locale/time.js'
import style from './mint.module.css'
import { asCustom, presets, UNITS, type Unit, type Validity } from './validity.js'

interface ValidityFieldProps {
  readonly options: TokenOptions
  readonly value: Validity
  readonly onChange: (value: Validity) => void
  /** What the value amounts to; undefined when it is out of range. */
  readonly seconds: number | undefined
  readonly wrong: boolean
}

export function ValidityField({ options, value, onChange, seconds, wrong }: ValidityFieldProps) {
  const { t, i18n } = useTranslation()
  const choose = (chosen: string) =>
    onChange(
      chosen === 'custom' ? asCustom(seconds ?? options.default_expires_in) : { preset: Number(chosen) },
    )
  return (
    <fieldset className={style.field}>
      <legend className={style.legend}>{t('mint.validity')}</legend>
      <Chip.Group value={String(value.preset)} onChange={choose}>
        <div className={style.chips}>
          {presets(options).map((preset) => (
            <Chip key={preset} value={String(preset)} radius="md" classNames={{ label: style.chip }}>
              {duration(preset, i18n.language)}
            </Chip>
          ))}
          <Chip value="custom" radius="md" classNames={{ label: style.chip }}>
            {t('mint.custom')}
          </Chip>
        </div>
      </Chip.Group>
      {value.preset === 'custom' && (
        <CustomValidity options={options} value={value} onChange={onChange} wrong={wrong} />
      )}
      {seconds !== undefined && (
        <p className={style.hint}>
          {t('mint.expires', { time: absolute(Date.now() / 1000 + seconds, i18n.language) })}
        </p>
      )}
    </fieldset>
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
      <Input.Wrapper label={t('mint.unit')} id="validity-unit">
        <Input
          component="select"
          id="validity-unit"
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
