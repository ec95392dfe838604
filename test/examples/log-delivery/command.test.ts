import { join } from 'node:path'
import { expect, it, onTestFinished, vi } from 'vitest'
import { madeUpLines, recordsOf } from '../../../examples/log-delivery/made-up.js'
import { folderOfTest } from '../taxi/end-to-end/folder.js'
import { Process } from '../taxi/end-to-end/process.js'
import { deliveryIn, localServers, TO } from './delivery.js'
import { expectedDelivery } from './expected.js'

it('npm run log-delivery, killed while it delivers, goes on from its checkpoint: each line once, no upload left', {
  timeout: 120_000,
}, async () => {
  const { kinesis, s3, put } = await localServers()
  // Credentials of another S3 come from the environment.
  vi.stubEnv('AWS_ACCESS_KEY_ID', s3.credentials.accessKeyId)
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', s3.credentials.secretAccessKey)
  vi.stubEnv('AWS_REGION', s3.region)
  onTestFinished(() => void vi.unstubAllEnvs())
  const checkpoints = join(await folderOfTest(), 'checkpoints')
  const where = ['--kinesis', kinesis.url, '--s3', TO, '--s3-endpoint', s3.endpoint, '--checkpoints', checkpoints]
  const start = (...args: readonly string[]) =>
    new Process('examples/log-delivery/main.ts', [...where, '--checkpoint-interval', '100ms', '--no-produce', ...args])

  const lines = madeUpLines({ lines: 2000, seed: 3 })
  await put(recordsOf(lines, 'cloudwatch'))
  // Of the second shard nothing comes before the kill.
  const release = kinesis.faults.add({
    operation: 'GetRecords',
    shardId: 'shardId-000000000001',
    fault: { kind: 'throttle' },
  })
  const first = start()
  const hasDelivered = () => s3.keys('logs', 'access/service').length > 0
  expect(await first.reaches(hasDelivered, { what: 'the first objects' })).toBe(true)
  expect(await first.kill('SIGKILL')).toMatchObject({ signal: 'SIGKILL' })
  release()

  const second = await start('--parallelism', '1').ended
  expect(second).toMatchObject({ code: 0, signal: null, error: '' })
  const expected = expectedDelivery(lines, { takesAllNumbers: true, withService: true })
  expect((await deliveryIn(s3)).delivery).toEqual(expected)
  expect(second.out).toContain(`${expected.delivered.length.toLocaleString('en-US')} lines delivered`)
  expect(s3.uploads('logs')).toEqual([])
})
