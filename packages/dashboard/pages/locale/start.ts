import i18next from 'i18next'
import { initReactI18next } from 'react-i18next'
import { de } from './de.js'
import { en } from './en.js'

export const LANGUAGES = { en: 'English', de: 'Deutsch' } as const
export type Language = keyof typeof LANGUAGES

const STORED = 'portcullis-language'

/** Starts the texts in the language chosen before, else in the first one the browser asks for that there is. */
export async function startLocale(): Promise<void> {
  i18next.on('languageChanged', (language) => {
    document.documentElement.lang = language
  })
  await i18next.use(initReactI18next).init({
    resources: { en: { translation: en }, de: { translation: de } },
    lng: [stored(), ...navigator.languages.map((tag) => tag.slice(0, 2))].find(isLanguage) ?? 'en',
    fallbackLng: 'en',
    // React escapes; escaping twice would show markup of a token name as entities.
    interpolation: { escapeValue: false },
  })
}

export async function chooseLanguage(language: Language): Promise<void> {
  try {
    localStorage.setItem(STORED, language)
  } catch {
    // Storage refused: the choice lasts as long as the page.
  }
  await i18next.changeLanguage(language)
}

function stored(): string | null {
  try {
    return localStorage.getItem(STORED)
  } catch {
    return null
  }
}

function isLanguage(tag: string | null): tag is Language {
  return tag !== null && Object.hasOwn(LANGUAGES, tag)
}
