import type { en } from './en.js'

type Texts<T> = { readonly [K in keyof T]: T[K] extends string ? string : Texts<T[K]> }

/** What every language has to say: the keys of the English catalogue. */
export type Catalogue = Texts<typeof en>
