import style from './header.module.css'

/** The gate: its grille is up while a new token is on show. */
export function Logo({ open }: { open: boolean }) {
  return (
    <svg
      className={style.logo}
      viewBox="0 0 32 32"
      data-open={open || undefined}
      aria-hidden="true"
      focusable="false"
    >
      <clipPath id="gateway">
        <path d="M5 31V14.5C5 8.2 9.9 3.5 16 3.5s11 4.7 11 11V31z" />
      </clipPath>
      <path className={style.arch} d="M3 31V14.2C3 6.8 8.8 1.2 16 1.2s13 5.6 13 13V31" />
      <g clipPath="url(#gateway)">
        <path
          className={style.grille}
          d="M5 10.5h22M5 16.5h22M5 22.5h22M9.5 2v24l-1.1 2.6h2.2L9.5 26M16 2v24l-1.1 2.6h2.2L16 26M22.5 2v24l-1.1 2.6h2.2L22.5 26"
        />
      </g>
    </svg>
  )
}
