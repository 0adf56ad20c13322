/** Bundlers and the test runner give the text of the file. */
declare module '*.lua' {
  const text: string
  export default text
}
