import { Chip } from '@mantine/core'
import type { ReactNode } from 'react'
import style from './mint.module.css'

interface ChipsFieldProps<Value> {
  readonly label: string
  readonly chips: readonly { readonly value: Value; readonly label: string }[]
  readonly value: Value
  readonly onChange: (value: Value) => void
  /** What the choice amounts to. */
  readonly hint: string | undefined
  readonly children?: ReactNode
}

/** One of a few: radio buttons that look like chips. */
export function ChipsField<Value extends string | number>(props: ChipsFieldProps<Value>) {
  const { label, chips, value, onChange, hint, children } = props
  const choose = (text: string) => {
    const chosen = chips.find((chip) => String(chip.value) === text)
    if (chosen) onChange(chosen.value)
  }
  return (
    <fieldset className={style.field}>
      <legend className={style.legend}>{label}</legend>
      <Chip.Group value={String(value)} onChange={choose}>
        <div className={style.chips}>
          {chips.map((chip) => (
            <Chip key={chip.value} value={String(chip.value)} radius="md" classNames={{ label: style.chip }}>
              {chip.label}
            </Chip>
          ))}
        </div>
      </Chip.Group>
      {children}
      {hint && <p className={style.hint}>{hint}</p>}
    </fieldset>
  )
}
