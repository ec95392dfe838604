import { optionInvalid, requireEndpoint, requireKnownOptions } from './options.js'

/** A role of AWS that is taken on for every call; credentials are renewed before they expire. */
export interface AssumeRole {
  readonly roleArn: string
  /** What the role's trust policy asks for where the role belongs to somebody else. */
  readonly externalId?: string
  /** Stands in CloudTrail. Default `tidemark`. */
  readonly sessionName?: string
  /** How long one set of credentials lasts. Default: an hour, which is what AWS allows when roles are chained. */
  readonly durationSeconds?: number
  /** URL of another STS than the region's own, such as a VPC endpoint. */
  readonly endpoint?: string
}

const ROLE_ARN = /^arn:[^:]+:iam::\d{12}:role\/\S+$/
const SESSION_NAME = /^[\w+=,.@-]{2,64}$/
const EXTERNAL_ID = /^[\w+=,.@:/-]{2,1224}$/

/** @throws TidemarkError OPTION_INVALID */
export function requireAssumeRole(where: string, role: AssumeRole): void {
  requireKnownOptions(`${where}: assumeRole`, role, {
    roleArn: true,
    externalId: true,
    sessionName: true,
    durationSeconds: true,
    endpoint: true,
  })
  const { roleArn, externalId, sessionName, durationSeconds, endpoint } = role
  if (!ROLE_ARN.test(String(roleArn))) {
    throw optionInvalid(where, `assumeRole.roleArn is like arn:aws:iam::123456789012:role/name, found '${roleArn}'`)
  }
  if (sessionName !== undefined && !SESSION_NAME.test(String(sessionName))) {
    throw optionInvalid(where, `assumeRole.sessionName is 2 to 64 letters, digits or =,.@-_+, found '${sessionName}'`)
  }
  // It is a shared secret in effect: not shown.
  if (externalId !== undefined && !EXTERNAL_ID.test(String(externalId))) {
    throw optionInvalid(where, 'assumeRole.externalId is 2 to 1224 letters, digits or =,.@:/-_+')
  }
  if (durationSeconds !== undefined && !(Number.isSafeInteger(durationSeconds) && durationSeconds >= 900)) {
    throw optionInvalid(where, `assumeRole.durationSeconds is a whole number from 900 on, found ${durationSeconds}`)
  }
  if (endpoint !== undefined) requireEndpoint(`${where}: assumeRole`, endpoint)
}
