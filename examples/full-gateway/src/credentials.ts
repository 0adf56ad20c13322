import { readFile } from 'node:fs/promises'
import {
  apiKeys,
  backChannelLogout,
  device,
  externalTokens,
  type GateOptions,
  masterKey,
  type OAuthClient,
  oauth,
  type Plugin,
  PortcullisError,
  scim,
  type TrustedIssuerOptions,
} from '@portcullis/core'
import { liteLlmRoles } from '@portcullis/llm'
import type { Settings } from './settings.js'

type CredentialOptions = Pick<GateOptions, 'requireFreshLogin' | 'tokenRenewal' | 'allowedEmailDomains'> & {
  readonly plugins: readonly Plugin[]
}

/** The part of the gate's options that is about credentials. What the files hold is checked by the gate. */
export async function credentialOptions({ credentials }: Settings): Promise<CredentialOptions> {
  const { masterKey: key, masterKeyScopes, scimSecrets } = credentials
  const { trustedIssuersFile, trustedIssuer, oauthClientsFile } = credentials
  const issuers = await readIssuersFile(trustedIssuersFile)
  const clients = await readClientsFile(oauthClientsFile)
  const trusted = [...issuers, ...(trustedIssuer ? [trustedIssuer] : [])].map(withLlmRoles)
  const { tokenRenewal, requireFreshLogin, allowedEmailDomains } = credentials
  return {
    tokenRenewal,
    plugins: [
      apiKeys(),
      ...(key === undefined ? [] : [masterKey({ key, scopes: masterKeyScopes })]),
      ...(trusted.length === 0 ? [] : [externalTokens(trusted)]),
      oauth({ clients }),
      device(),
      backChannelLogout(),
      ...(scimSecrets === undefined ? [] : [scim({ secret: scimSecrets })]),
    ],
    ...(requireFreshLogin === undefined ? {} : { requireFreshLogin }),
    ...(allowedEmailDomains === undefined ? {} : { allowedEmailDomains }),
  }
}

function withLlmRoles(issuer: TrustedIssuerOptions): TrustedIssuerOptions {
  return { ...issuer, roles: { ...liteLlmRoles(), ...issuer.roles } }
}

export function readIssuersFile(path: string | undefined) {
  return readList<TrustedIssuerOptions>('TRUSTED_ISSUERS_FILE', path)
}

export function readClientsFile(path: string | undefined) {
  return readList<OAuthClient>('OAUTH_CLIENTS_FILE', path)
}

async function readList<Item>(setting: string, path: string | undefined): Promise<readonly Item[]> {
  if (path === undefined) return []
  const refuse = (problem: string): never => {
    throw new PortcullisError('configuration_invalid', problem, { problems: [problem] })
  }
  const text = await readFile(path, 'utf8').catch(() => refuse(`${setting}: the file cannot be read`))
  try {
    const list: unknown = JSON.parse(text)
    const isList = Array.isArray(list) && list.every((one) => typeof one === 'object' && one !== null)
    return isList ? (list as readonly Item[]) : refuse(`${setting}: give a JSON list of objects`)
  } catch (error) {
    if (error instanceof PortcullisError) throw error
    return refuse(`${setting}: the file is not JSON`)
  }
}
