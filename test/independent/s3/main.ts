/**
 * The local S3 beside an independent one: the same scenarios run against both, and what differs is printed.
 *
 *     npm run check:s3 -- http://127.0.0.1:5000 [--known moto] [--when-required] [--scenario TEXT]
 */
import { parseArgs } from 'node:util'
import { S3Client } from '@aws-sdk/client-s3'
import { startLocalS3 } from '../../servers/s3/index.js'
import { type Difference, differencesOf, show } from './differences.js'
import { type KnownDifference, knownDifferences } from './known-differences.js'
import { bucketScenarios } from './scenarios/buckets.js'
import { checksumScenarios } from './scenarios/checksums.js'
import { conditionalWriteScenarios } from './scenarios/conditional-writes.js'
import { listingScenarios } from './scenarios/listing.js'
import { multipartScenarios } from './scenarios/multipart.js'
import { objectScenarios } from './scenarios/objects.js'
import { type Findings, type Scenario, Subject } from './subject.js'

const SCENARIOS: readonly Scenario[] = [
  ...objectScenarios,
  ...conditionalWriteScenarios,
  ...checksumScenarios,
  ...multipartScenarios,
  ...listingScenarios,
  ...bucketScenarios,
]

const MISSING = `No endpoint was given: there is nothing to compare the local S3 with.
Start an independent S3 that may be filled with rubbish, such as moto (pip install 'moto[server]', then moto_server -p 5000) or
Ceph's radosgw, set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY if it looks at them, and run

    npm run check:s3 -- http://127.0.0.1:5000 --known moto

--known NAME        differences of that server that are understood are marked and do not fail the check (${Object.keys(knownDifferences).join(', ')})
--when-required     checksums only where S3 asks for them, for servers that do not know them
--scenario TEXT     only the scenarios whose name has this text
`

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      known: { type: 'string' },
      'when-required': { type: 'boolean', default: false },
      scenario: { type: 'string', default: '' },
    },
  })
  const [endpoint] = positionals
  if (endpoint === undefined) {
    process.stdout.write(MISSING)
    return 2
  }
  const known = values.known === undefined ? [] : knownDifferences[values.known]
  if (known === undefined) {
    process.stderr.write(
      `There are no known differences of ${values.known}; of ${Object.keys(knownDifferences).join(', ')} there are.\n`,
    )
    return 2
  }
  const local = await startLocalS3()
  const clients = [
    clientOf(local.endpoint, values['when-required']),
    clientOf(endpoint, values['when-required']),
  ] as const
  const unexplained = await compareAll(clients, known, values.scenario)
  for (const client of clients) client.destroy()
  await local.close()
  return unexplained === 0 ? 0 : 1
}

function clientOf(endpoint: string, whenRequired: boolean): S3Client {
  const mode = whenRequired ? 'WHEN_REQUIRED' : 'WHEN_SUPPORTED'
  return new S3Client({
    endpoint,
    region: 'us-east-1',
    credentials: {
      accessKeyId: process.env['AWS_ACCESS_KEY_ID'] ?? 'check',
      secretAccessKey: process.env['AWS_SECRET_ACCESS_KEY'] ?? 'check',
    },
    forcePathStyle: true,
    maxAttempts: 1,
    // It warns of empty bodies.
    logger: { debug() {}, info() {}, warn() {}, error() {} },
    requestChecksumCalculation: mode,
    responseChecksumValidation: mode,
  })
}

/** Prints as it goes; returns how many differences nobody has explained. */
async function compareAll(
  [local, other]: readonly [S3Client, S3Client],
  known: readonly KnownDifference[],
  filter: string,
): Promise<number> {
  // Servers that outlive a run keep their buckets.
  const run = Date.now().toString(36)
  const counts = { scenarios: 0, same: 0, explained: 0, unexplained: 0 }
  for (const [index, scenario] of SCENARIOS.entries()) {
    if (!scenario.name.includes(filter)) continue
    const bucket = `check-${run}-${index}`
    const [here, there] = [await findingsOf(scenario, local, bucket), await findingsOf(scenario, other, bucket)]
    const differences = differencesOf(here, there)
    counts.scenarios++
    if (differences.length === 0) counts.same++
    print(`${differences.length === 0 ? 'same     ' : 'different'}  ${scenario.name}`)
    if (differences.length === 0) print(`           both: ${abridged(show(here))}`)
    for (const difference of differences) {
      const why = known.find(({ scenario: name, path }) => name === scenario.name && path.test(difference.path))?.why
      counts[why === undefined ? 'unexplained' : 'explained']++
      printDifference(difference, why)
    }
  }
  print(
    `\n${counts.scenarios} scenarios, ${counts.same} with the same answers; ${counts.explained} known differences, ${counts.unexplained} others`,
  )
  return counts.unexplained
}

async function findingsOf(scenario: Scenario, client: S3Client, bucket: string): Promise<Findings> {
  const subject = new Subject(client, bucket)
  try {
    await subject.prepare()
    return await scenario.run(subject)
  } catch (thrown) {
    return { scenarioFailed: thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown) }
  }
}

function printDifference({ path, local, other }: Difference, why: string | undefined): void {
  print(`           ${path}`)
  print(`             local: ${abridged(local)}`)
  print(`             other: ${abridged(other)}`)
  if (why !== undefined) print(`             known: ${why}`)
}

function abridged(text: string): string {
  return text.length > 400 ? `${text.slice(0, 400)}...` : text
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

process.exitCode = await main()
