import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { endOf, type useRotateKey } from '../client/keys.js'
import style from '../list/list.module.css'
import { Question } from '../list/question.js'
import type { Row } from '../list/row.js'
import { Subject } from '../list/subject.js'
import { useAsked } from '../list/use-asked.js'
import { absolute, duration } from '../locale/time.js'
import { ChipsField } from '../mint/chips-field.js'

export type Rotate = ReturnType<typeof useRotateKey>

const HOUR = 3_600
const OVERLAPS = [0, HOUR, 24 * HOUR, 7 * 24 * HOUR]

interface RotateDialogProps {
  readonly row: Row | null
  readonly rotate: Rotate
  readonly onClose: () => void
}

/** Asks how long the old key is to go on. The new one is shown where keys are created, with the focus on it. */
export function RotateDialog({ row, rotate, onClose }: RotateDialogProps) {
  const { t, i18n } = useTranslation()
  const { name, publicPart } = useAsked(row)
  const [overlapSeconds, setOverlap] = useState(HOUR)
  const close = () => {
    onClose()
    setOverlap(HOUR)
  }
  const until = endOf({ expires_at: row?.expires_at, overlapSeconds }, Date.now() / 1000)
  return (
    <Question
      opened={row !== null}
      title={t('rotate.heading')}
      cancel={t('rotate.cancel')}
      confirm={t('rotate.confirm')}
      deed={rotate}
      failed={t('rotate.failed')}
      unknown={t('rotate.unknown')}
      onConfirm={() =>
        row && rotate.mutate({ id: row.id, expires_at: row.expires_at, overlapSeconds }, { onSuccess: close })
      }
      onClose={close}
    >
      <Subject text={t('rotate.detail', { name })} publicPart={publicPart} />
      <div className={style.choice}>
        <ChipsField
          label={t('rotate.overlap')}
          chips={OVERLAPS.map((seconds) => ({
            value: seconds,
            label: seconds === 0 ? t('rotate.none') : duration(seconds, i18n.language),
          }))}
          value={overlapSeconds}
          onChange={setOverlap}
          hint={
            overlapSeconds === 0
              ? t('rotate.atOnce')
              : t('rotate.until', { time: absolute(until, i18n.language) })
          }
        />
      </div>
    </Question>
  )
}
