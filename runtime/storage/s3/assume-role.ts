import type { S3ClientConfig } from '@aws-sdk/client-s3'
import type { AssumeRole } from '../../../core/assume-role.js'
import { TidemarkError } from '../../../core/errors.js'

type Providers = typeof import('@aws-sdk/credential-providers')
type Provider = ReturnType<Providers['fromTemporaryCredentials']>
type MasterCredentials = Parameters<Providers['fromTemporaryCredentials']>[0]['masterCredentials']

/**
 * Credentials of the role, renewed by the SDK. Those that take it on are the configuration's own, else what the SDK
 * finds. The optional peer dependency is loaded with the first request.
 */
export function roleCredentials(role: AssumeRole, given: Pick<S3ClientConfig, 'credentials' | 'region'>): Provider {
  let provider: Promise<Provider> | undefined
  return async (properties) => {
    provider ??= load(role, given)
    return (await provider)(properties)
  }
}

async function load(role: AssumeRole, given: Pick<S3ClientConfig, 'credentials' | 'region'>): Promise<Provider> {
  const { fromTemporaryCredentials } = await loadProviders()
  const { roleArn, externalId, sessionName = 'tidemark', durationSeconds, endpoint } = role
  return fromTemporaryCredentials({
    params: {
      RoleArn: roleArn,
      RoleSessionName: sessionName,
      ...(externalId !== undefined && { ExternalId: externalId }),
      ...(durationSeconds !== undefined && { DurationSeconds: durationSeconds }),
    },
    // What a client takes as credentials the provider takes as well.
    ...(given.credentials !== undefined && { masterCredentials: given.credentials as NonNullable<MasterCredentials> }),
    clientConfig: {
      ...(given.region !== undefined && { region: given.region }),
      ...(endpoint !== undefined && { endpoint }),
    },
  })
}

async function loadProviders(): Promise<Providers> {
  try {
    return await import('@aws-sdk/credential-providers')
  } catch (thrown) {
    if ((thrown as { readonly code?: unknown }).code !== 'ERR_MODULE_NOT_FOUND') throw thrown
    throw new TidemarkError({
      code: 'DEPENDENCY_MISSING',
      domain: 'user',
      message: 's3: assumeRole: not all of the AWS SDK is installed; run: npm i @aws-sdk/credential-providers',
      cause: thrown,
    })
  }
}
