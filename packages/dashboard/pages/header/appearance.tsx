import { type MantineColorScheme, useMantineColorScheme } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { Icon } from '../icon.js'
import style from './header.module.css'

const NEXT = { auto: 'light', light: 'dark', dark: 'auto' } as const satisfies Record<
  MantineColorScheme,
  MantineColorScheme
>

export function Appearance() {
  const { t } = useTranslation()
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  const next = NEXT[colorScheme]
  const label = t('header.appearance', { current: t(`header.${colorScheme}`), next: t(`header.${next}`) })
  return (
    <button
      type="button"
      className={style.control}
      data-square
      aria-label={label}
      title={label}
      onClick={() => setColorScheme(next)}
    >
      <Icon shape={colorScheme} />
    </button>
  )
}
