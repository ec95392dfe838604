import { TidemarkError } from 'tidemark'
import type { AwsAuthentication, BasicAuthentication } from 'tidemark/opensearch'

export interface OpenSearchConnection {
  readonly node: string
  readonly auth?: BasicAuthentication
  readonly aws?: AwsAuthentication
}

/** Of OpenSearch Service and OpenSearch Serverless: `search-taxi-x1.eu-west-1.es.amazonaws.com`. */
const AWS_HOST = /\.(?<region>[a-z0-9-]+)\.(?<service>es|aoss)\.amazonaws\.com(?:\.cn)?$/

/**
 * How the OpenSearch at a URL is reached. Secrets come from the environment: OPENSEARCH_USERNAME and OPENSEARCH_PASSWORD, else,
 * where the address is one of AWS, what the AWS SDK finds.
 * @throws TidemarkError TAXI_OPTIONS
 */
export function connectionOf(url: string, environment: NodeJS.ProcessEnv = process.env): OpenSearchConnection {
  const { OPENSEARCH_USERNAME: username, OPENSEARCH_PASSWORD: password } = environment
  if ((username === undefined) !== (password === undefined)) {
    throw refused('OPENSEARCH_USERNAME and OPENSEARCH_PASSWORD go together: set both, or none')
  }
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw refused(`'${url}' is not the URL of an OpenSearch, such as http://127.0.0.1:9200`)
  }
  if (username !== undefined && password !== undefined) return { node: url, auth: { username, password } }
  const { region, service } = AWS_HOST.exec(new URL(url).hostname)?.groups ?? {}
  if (region === undefined) return { node: url }
  return { node: url, aws: { region, service: service === 'aoss' ? 'aoss' : 'es' } }
}

function refused(message: string): TidemarkError {
  return new TidemarkError({ code: 'TAXI_OPTIONS', domain: 'user', message })
}
