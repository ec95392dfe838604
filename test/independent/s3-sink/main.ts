/**
 * The S3 sink against an independent S3: processes are killed, savepoints restored, uploads expire, and a reader looks on.
 *
 *     npm run check:s3-sink -- http://127.0.0.1:5000 [--kills 10] [--seed N] [--region NAME] [--bucket NAME] [--keep]
 */
import { parseArgs } from 'node:util'
import { S3Client } from '@aws-sdk/client-s3'
import { choices, SEED } from '../../golden/taxi/seeded.js'
import { bundled } from '../../setup/bundled.js'
import { Bucket } from './output.js'
import { type Check, checkExpired, checkFormat, MOST_KILLS } from './rounds.js'

const MISSING = `No endpoint was given: there is no S3 to write to.
Start an independent S3, such as moto (pip install 'moto[server]', then moto_server -p 5000) or Ceph's radosgw, set
AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY if it looks at them, and run

    npm run check:s3-sink -- http://127.0.0.1:5000

--kills N        moments at which processes are killed, over both formats; default 10, at most ${MOST_KILLS}
--seed N         of the moments; default TIDEMARK_SEED, or another one each time
--region NAME    default us-east-1
--bucket NAME    one that exists; default: one is made, and deleted
--keep           leaves everything there
`

const OPTIONS = {
  kills: { type: 'string', default: '10' },
  seed: { type: 'string', default: String(SEED) },
  region: { type: 'string', default: 'us-east-1' },
  bucket: { type: 'string' },
  keep: { type: 'boolean', default: false },
} as const

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: OPTIONS })
  const [endpoint] = positionals
  const [kills, seed] = [Number(values.kills), Number(values.seed)]
  if (endpoint === undefined) {
    process.stdout.write(MISSING)
    return 2
  }
  if (!Number.isSafeInteger(kills) || kills < 1 || kills > MOST_KILLS || !Number.isSafeInteger(seed)) {
    process.stderr.write(
      `--kills is 1 to ${MOST_KILLS} and --seed a whole number, found '${values.kills}' and '${values.seed}'\n`,
    )
    return 2
  }
  const { region } = values
  const credentials = {
    accessKeyId: process.env['AWS_ACCESS_KEY_ID'] ?? 'check',
    secretAccessKey: process.env['AWS_SECRET_ACCESS_KEY'] ?? 'check',
  }
  const client = new S3Client({ endpoint, region, credentials, forcePathStyle: true })
  const folder = `check-s3-sink-${Date.now().toString(36)}`
  const bucket = new Bucket(client, values.bucket ?? folder)
  if (values.bucket === undefined) await bucket.create()
  const module = await bundled('test/connectors/s3/kill-child.ts')
  const check = { module, s3: { endpoint, region, credentials }, bucket, folder, print }
  print(`seed ${seed}, s3://${bucket.name}/${folder}`)
  try {
    return await checkAll({ ...check, random: choices(seed) }, kills)
  } finally {
    if (!values.keep) {
      await bucket.empty(`${folder}/`)
      if (values.bucket === undefined) await bucket.delete()
    }
    client.destroy()
  }
}

/** All of them, though the first one may fail. */
async function checkAll(check: Check, kills: number): Promise<number> {
  const parts: readonly (readonly [string, () => Promise<void>])[] = [
    ['JSON lines with gzip, partitioned', () => checkFormat(check, 'gzip', Math.ceil(kills / 2))],
    ['Parquet, partitioned', () => checkFormat(check, 'parquet', Math.floor(kills / 2))],
    ['an upload that expires', () => checkExpired(check)],
  ]
  let failures = 0
  for (const [name, part] of parts) {
    print(name)
    try {
      await part()
    } catch (thrown) {
      failures++
      print(`  FAILED: ${thrown instanceof Error ? thrown.message : String(thrown)}`)
    }
  }
  print(failures === 0 ? 'All of it holds.' : `${failures} of ${parts.length} failed.`)
  return failures === 0 ? 0 : 1
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

process.exitCode = await main()
