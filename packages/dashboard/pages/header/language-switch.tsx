import { useTranslation } from 'react-i18next'
import { chooseLanguage, LANGUAGES } from '../locale/start.js'
import style from './header.module.css'

/** With two languages, a button named in the other one is all it takes. */
export function LanguageSwitch() {
  const { i18n } = useTranslation()
  const other = i18n.language === 'de' ? 'en' : 'de'
  return (
    <button
      type="button"
      className={style.control}
      lang={other}
      onClick={() => {
        void chooseLanguage(other)
      }}
    >
      {LANGUAGES[other]}
    </button>
  )
}
