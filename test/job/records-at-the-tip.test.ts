import { defineJob } from 'tidemark'
import { collectInto, collection } from 'tidemark/collection'
import { expect, test } from 'vitest'
import { testJob } from '../testing.js'

test('a record at the tip of a source goes on at once, without a watermark, a checkpoint or another record', async () => {
  const seen: number[] = []
  const job = defineJob('tip', (builder) => {
    builder
      .from('numbers', collection<number>([]))
      .keyBy((n) => n)
      .process('step', {
        process(n) {
          seen.push(n)
          return []
        },
      })
      .to('out', collectInto<unknown>([]))
  })
  const run = await testJob(job, { sources: { numbers: [1] } })
  expect(seen).toEqual([1])
  await run.send('numbers', [2])
  expect(seen).toEqual([1, 2])
  await run.finish()
})
