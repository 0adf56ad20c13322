import style from './list.module.css'

/** What a dialog is about: a sentence with the name, and the public part where names may be the same. */
export function Subject({ text, publicPart }: { text: string; publicPart: string | undefined }) {
  return (
    <>
      <p className={style.question}>{text}</p>
      {publicPart && (
        <p className={style.subject}>
          <code className={style.publicPart}>{publicPart}</code>
        </p>
      )}
    </>
  )
}
