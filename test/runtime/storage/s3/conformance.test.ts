import { afterAll, beforeAll } from 'vitest'
import { type LocalS3, startLocalS3 } from '../../../servers/s3/index.js'
import { describeConformance } from '../conformance.js'
import { storeAt } from './fixture.js'

let server: LocalS3
let opened = 0

beforeAll(async () => {
  server = await startLocalS3({ buckets: ['state', 'whole'] })
})

afterAll(() => server.close())

describeConformance('s3, below a prefix', async () => {
  const beside = await storeAt(server, `s3://state/job-${opened}x`)
  await beside.create('log/of-another', new Uint8Array(1))
  return await storeAt(server, `s3://state/job-${opened++}`)
})

describeConformance('s3, a whole bucket', async () => {
  const bucket = `bucket-${opened++}`
  server.createBucket(bucket)
  return await storeAt(server, `s3://${bucket}`)
})
