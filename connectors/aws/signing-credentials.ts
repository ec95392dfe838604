import type { AssumeRole } from '../../core/assume-role.js'
import { roleCredentials } from './client-config.js'
import { loadPeer } from './load.js'

export interface SigningCredentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string | undefined
  readonly expiration?: Date | undefined
}

export interface SigningSource {
  readonly region: string
  readonly credentials?: SigningCredentials | (() => Promise<SigningCredentials>)
  readonly assumeRole?: AssumeRole
}

/**
 * For whatever is signed without a client of the SDK: the credentials given, those of the role, or those that the SDK
 * finds; each call gives ones that are still good.
 * @throws TidemarkError DEPENDENCY_MISSING
 */
export async function signingCredentials(
  where: string,
  { region, credentials, assumeRole }: SigningSource,
): Promise<() => Promise<SigningCredentials>> {
  if (assumeRole !== undefined) {
    // What the SDK's providers give is of this type.
    return (await roleCredentials(where, assumeRole, { region, credentials })) as () => Promise<SigningCredentials>
  }
  if (typeof credentials === 'function') return credentials
  if (credentials !== undefined) return async () => credentials
  const { fromNodeProviderChain } = await loadPeer({
    where: `${where}: aws`,
    packages: '@aws-sdk/credential-providers',
    load: () => import('@aws-sdk/credential-providers'),
  })
  return fromNodeProviderChain({ clientConfig: { region } })
}
