import { describe, expect, test } from 'vitest'
import { collectInto, collection } from '../../../connectors/collection/index.js'
import { defineJob, explain, type JobBuilder } from '../../../core/index.js'

const sink = collectInto<unknown>([])
const keyed = (job: JobBuilder<unknown>, id: string) => job.from(id, collection([1])).keyBy((n) => n)

test('a temporal join in the graph reads both by key', () => {
  const job = defineJob('join', (builder) => {
    const enriched = keyed(builder, 'orders')
      .temporalJoin(keyed(builder, 'rates'))
      .process('in-euros', (order, rate) => [order * (rate ?? 0)], { parallelism: 2 })
    enriched.to('out', sink)
    enriched.lateLeft.union(enriched.lateRight).to('late', sink)
  })
  expect(job.build({}).nodes.find(({ id }) => id === 'in-euros')).toMatchObject({
    label: 'temporalJoin.process',
    parallelism: 2,
    sideOutputs: ['lateLeft', 'lateRight'],
    inputs: [
      { partitioning: 'hash', input: 0 },
      { partitioning: 'hash', input: 1 },
    ],
  })
  expect(explain(job)).toContain('temporalJoin.process')
})

describe('refused when the graph is built', () => {
  // JavaScript callers are not stopped by the compiler.
  const never = (value: unknown) => value as never

  test.each<[string, RegExp, (job: JobBuilder<unknown>) => unknown]>([
    [
      'versions without a key',
      /temporalJoin: expected a keyed stream/,
      (job) => keyed(job, 'a').temporalJoin(never(job.from('b', collection([1])))),
    ],
    [
      'no function, naming the id',
      /process 'in-euros' of a temporal join: expected a function/,
      (job) => keyed(job, 'a').temporalJoin(keyed(job, 'b')).process('in-euros', never(3)),
    ],
  ])('%s', (_name, message, build) => {
    expect(() => defineJob('join', (job) => void build(job)).build({})).toThrow(message)
  })
})
