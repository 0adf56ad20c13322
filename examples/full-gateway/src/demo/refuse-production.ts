import { PortcullisError } from '@portcullis/core'

/** Throws `PortcullisError` `configuration_invalid` in production, where `part` must be replaced through `setting`. */
export function refuseProduction(production: boolean, part: string, setting: string): void {
  if (!production) return
  const problem = `${setting}: required in production, where the ${part} does not start`
  throw new PortcullisError('configuration_invalid', problem, { problems: [problem] })
}
