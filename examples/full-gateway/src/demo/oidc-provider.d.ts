// The entry point of oidc-provider prints a warning on every Node older than 22; the class behind it does not.
declare module 'oidc-provider/lib/provider.js' {
  import Provider from 'oidc-provider'

  export { Provider }
}
