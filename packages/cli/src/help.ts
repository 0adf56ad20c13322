export const HELP = `portcullis <command> [options]

  login [URL]   log in to a gate: approve the code that is shown in any browser
  token         print a valid access token, refreshed when it has less than a minute left
  env           print exports for Claude Code and the OpenAI SDKs
  whoami        print who is logged in
  logout        revoke the login at the gate and forget it here

  --gate URL    the gate; default: $PORTCULLIS_GATE, then the last login
  --json        print JSON
  --scope LIST  login: what the token may do, separated by spaces; default: what the gate allows everybody
  --browser     login: open the link in a browser
  --shell NAME  env: sh, fish, powershell or json; default: sh, on Windows powershell
  --help, --version

The login is kept in $PORTCULLIS_HOME, $XDG_CONFIG_HOME/portcullis or ~/.config/portcullis.
Exit codes: 0 done, 1 failed, 2 wrong usage.
`
