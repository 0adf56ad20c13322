import { Button } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { Failure } from '../client/failure.js'
import { Notice } from './notice.js'

const OWN_WORDS = {
  session_ended: ['notice.sessionEnded', 'notice.sessionEndedDetail'],
  unavailable: ['notice.unavailable', 'notice.unavailableDetail'],
  unreachable: ['notice.unreachable', 'notice.unreachableDetail'],
  unexpected: ['notice.unexpected', 'notice.unexpectedDetail'],
} as const

/** The login, and from there back to the tab that is open. */
const login = () => `/oauth2/start?rd=/token-manager${encodeURIComponent(location.hash)}`

interface ProblemNoticeProps {
  readonly failure: Failure
  /** What was not done, when the reader would otherwise wonder. Said only when the service refused to do it. */
  readonly consequence?: string
  /** Said when there was no answer to tell, so that it may have been done all the same. */
  readonly unknown?: string
  readonly onRetry?: () => unknown
  readonly retrying?: boolean
}

/** What went wrong and what to do about it, in our words where we know it and in the service's where it knows better. */
export function ProblemNotice(props: ProblemNoticeProps) {
  const { failure, consequence, unknown, onRetry, retrying = false } = props
  const { t } = useTranslation()
  const refused = failure.kind === 'refused'
  const undone = refused || failure.kind === 'session_ended'
  const [title, detail] =
    failure.kind === 'refused'
      ? [failure.title ?? t('notice.unexpected'), failure.detail]
      : [t(OWN_WORDS[failure.kind][0]), t(OWN_WORDS[failure.kind][1])]
  const action =
    failure.kind === 'session_ended' ? (
      <Button component="a" href={login()} size="xs">
        {t('notice.logIn')}
      </Button>
    ) : (
      onRetry && (
        <Button onClick={() => onRetry()} loading={retrying} size="xs" variant="default">
          {t('notice.retry')}
        </Button>
      )
    )
  return (
    <Notice
      tone={failure.kind === 'session_ended' ? 'brass' : 'bad'}
      title={consequence && undone ? `${consequence}: ${title}` : title}
      lang={refused ? 'en' : undefined}
      urgent
      action={action}
    >
      {detail}
      {!undone && unknown && <p>{unknown}</p>}
    </Notice>
  )
}
