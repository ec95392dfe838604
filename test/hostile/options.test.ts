import { EMPTY } from 'rxjs'
import {
  boundedOutOfOrderness,
  count,
  defineJob,
  type JobBuilder,
  json,
  markers,
  minutes,
  monotonous,
  seconds,
  tumbling,
} from 'tidemark'
import { collectInto, collection, generator, print } from 'tidemark/collection'
import { csv, fileSink, files, jsonLines, textLines } from 'tidemark/file'
import { kinesis } from 'tidemark/kinesis'
import { parquetSink } from 'tidemark/parquet'
import { run } from 'tidemark/run'
import { fromObservable, toObserver } from 'tidemark/rxjs'
import { describe, expect, test } from 'vitest'

/** What a caller in JavaScript may pass. */
const wrong = (value: unknown): never => value as never
const decode = () => 1

describe('an option that does not exist is refused, with a suggestion', () => {
  const calls: Readonly<Record<string, readonly [() => unknown, string]>> = {
    files: [() => files(wrong({ path: 'a', format: textLines(), onMalfromed: 'skip' })), 'onMalformed'],
    fileSink: [() => fileSink(wrong({ path: 'a', format: jsonLines(), maxRow: 3 })), 'maxRows'],
    csv: [() => csv(wrong({ colums: ['a'] })), 'columns'],
    parquetSink: [
      () => parquetSink(wrong({ path: 'a', schema: { a: 'string' }, compresion: 'snappy' })),
      'compression',
    ],
    kinesis: [() => kinesis(wrong({ stream: 'a', startAt: 'horizon', decode, reigon: 'x' })), 'region'],
    fromObservable: [() => fromObservable(EMPTY, wrong({ buffersize: 3 })), 'bufferSize'],
    collection: [() => collection([1], wrong({ timestamp: [1] })), 'timestamps'],
    generator: [() => generator(wrong({ make: decode, cuont: 3 })), 'count'],
    print: [() => print(wrong({ perfix: 'a' })), 'prefix'],
  }
  test.each(Object.entries(calls))('%s', (name, [call, suggestion]) => {
    expect(call).toThrow(
      expect.objectContaining({
        code: 'OPTION_INVALID',
        message: expect.stringContaining(`Did you mean '${suggestion}'?`),
      }),
    )
    expect(call).toThrow(new RegExp(`^${name}: `))
  })
})

describe('an option that cannot work is refused when the job is built', () => {
  const calls: Readonly<Record<string, () => unknown>> = {
    'files without a path': () => files(wrong({ format: textLines() })),
    'files with path and paths': () => files(wrong({ path: 'a', paths: ['b'], format: textLines() })),
    'files without a format': () => files(wrong({ path: 'a' })),
    'files with an unknown policy, which would drop records uncounted': () =>
      files({ path: 'a', format: textLines(), onMalformed: wrong('ignore') }),
    'files without options': () => files(wrong(undefined)),
    'fileSink without a path': () => fileSink(wrong({ format: jsonLines() })),
    'fileSink without a format': () => fileSink(wrong({ path: 'a' })),
    'fileSink with another compression': () => fileSink(wrong({ path: 'a', format: jsonLines(), compression: 'zip' })),
    'collection of what is no array, which would never end': () => collection(wrong(5)),
    'generator without make': () => generator(wrong({ count: 3 })),
    'fromObservable of something else': () => fromObservable(wrong(5)),
    'fromObservable with an unknown overflow': () => fromObservable(EMPTY, { overflow: wrong('wait') }),
    'toObserver of something else': () => toObserver(wrong({})),
    'bounded out-of-orderness without a delay': () => boundedOutOfOrderness(wrong({})),
    'a delay in numbers': () => boundedOutOfOrderness({ maxDelay: wrong(1000) }),
    'an idleness in numbers': () => monotonous({ idleAfter: wrong(1000) }),
    'a timestamp that is no function': () => monotonous({ timestamp: wrong('at') }),
    'markers without functions': () => markers(wrong({ timestamp: 'at' })),
  }
  test.each(Object.entries(calls))('%s', (_name, call) => {
    expect(call).toThrow(expect.objectContaining({ code: 'OPTION_INVALID', domain: 'user' }))
  })

  test('json without a schema', () => {
    expect(() => json(wrong(undefined))).toThrow(expect.objectContaining({ code: 'SCHEMA_INVALID' }))
  })
})

describe('a step with wrong arguments is refused when the job is built, in words', () => {
  const steps: Readonly<Record<string, readonly [(job: JobBuilder<unknown>) => void, RegExp]>> = {
    'a source without an id': [
      (job) => job.from(wrong(collection([1])), wrong(undefined)),
      /needs an id|expected its id/,
    ],
    'a sink without an id': [
      (job) => job.from('s', collection([1])).to(wrong(collectInto([])), wrong(undefined)),
      /expected its id/,
    ],
    'windows of nothing': [
      (job) =>
        job
          .from('s', collection([1]))
          .keyBy((x) => x)
          .window(wrong(undefined)),
      /expected windows/,
    ],
    'a size in numbers': [
      (job) =>
        job
          .from('s', collection([1]))
          .keyBy((x) => x)
          .window(tumbling(wrong(1000))),
      /size must be/,
    ],
    'a trigger that is none': [
      (job) =>
        job
          .from('s', collection([1]))
          .keyBy((x) => x)
          .window(tumbling(seconds(1)))
          .trigger(wrong({})),
      /expected a trigger/,
    ],
    'a lateness in numbers': [
      (job) =>
        job
          .from('s', collection([1]))
          .keyBy((x) => x)
          .window(tumbling(seconds(1)))
          .allowedLateness(wrong(5)),
      /expected a duration/,
    ],
    'aggregates of nothing': [
      (job) =>
        job
          .from('s', collection([1]))
          .keyBy((x) => x)
          .window(tumbling(seconds(1)))
          .aggregate('a', wrong(null)),
      /expected aggregates by name/,
    ],
    'an aggregate without a name': [
      (job) =>
        job
          .from('s', collection([1]))
          .keyBy((x) => x)
          .window(tumbling(seconds(1)))
          .aggregate('a', wrong(count())),
      /must be an aggregate/,
    ],
  }
  test.each(Object.entries(steps))('%s', (_name, [build, message]) => {
    const job = defineJob('wrong', (builder: JobBuilder<unknown>) => build(builder))
    expect(() => job.build({})).toThrow(expect.objectContaining({ name: 'TidemarkError', domain: 'user' }))
    expect(() => job.build({})).toThrow(message)
    expect(() => job.build({})).not.toThrow(/object Object|Cannot/)
  })
})

describe('run refuses before it starts anything', () => {
  const job = defineJob('fine', (builder) => builder.from('s', collection([1])).to('o', collectInto<number>([])))
  const cases: Readonly<Record<string, readonly [() => Promise<unknown>, string, RegExp]>> = {
    'what is no job': [() => run(wrong({})), 'JOB_INVALID', /defineJob/],
    nothing: [() => run(wrong(undefined)), 'JOB_INVALID', /defineJob/],
    'an unknown option': [() => run(job, wrong({ paralelism: 2 })), 'OPTION_INVALID', /Did you mean 'parallelism'/],
    'an unknown option of checkpoints': [
      () => run(job, { checkpoints: wrong({ intervall: seconds(1) }) }),
      'OPTION_INVALID',
      /Did you mean 'interval'/,
    ],
    'an interval in numbers': [
      () => run(job, { checkpoints: { interval: wrong(1000) } }),
      'OPTION_INVALID',
      /interval/,
    ],
    'no interval at all': [() => run(job, { checkpoints: { interval: seconds(0) } }), 'OPTION_INVALID', /interval/],
    'an empty path, which would be the working directory': [
      () => run(job, { checkpoints: { to: '' } }),
      'OPTION_INVALID',
      /an empty path/,
    ],
    'a store that is none': [() => run(job, { checkpoints: { to: wrong(3) } }), 'OPTION_INVALID', /store/],
    'a retention that is no number': [
      () => run(job, { checkpoints: { retain: Number.NaN } }),
      'OPTION_INVALID',
      /retain/,
    ],
    'a restart strategy that is none': [
      () => run(job, { restart: wrong({ attempts: 3 }) }),
      'OPTION_INVALID',
      /restart/,
    ],
    'a limit of nothing': [() => run(job, { limits: { channelRows: 0 } }), 'OPTION_INVALID', /channelRows/],
    'parallelism 0': [() => run(job, { parallelism: 0 }), 'GRAPH_PARALLELISM_INVALID', /parallelism 0 /],
    'parallelism 1.5': [() => run(job, { parallelism: 1.5 }), 'GRAPH_PARALLELISM_INVALID', /parallelism 1.5 /],
    'parallelism NaN': [() => run(job, { parallelism: Number.NaN }), 'GRAPH_PARALLELISM_INVALID', /parallelism NaN /],
    'parallelism above max parallelism': [
      () => run(job, { parallelism: 5, maxParallelism: 4 }),
      'GRAPH_PARALLELISM_INVALID',
      /from 1 to 4/,
    ],
    'a source to replace that the job has not': [
      () => run(job, { sources: { S: collection([2]) } }),
      'GRAPH_OVERRIDE_UNKNOWN',
      /Did you mean 's'/,
    ],
  }
  test.each(Object.entries(cases))('%s', async (_name, [call, code, message]) => {
    await expect(call()).rejects.toMatchObject({ name: 'TidemarkError', code, message: expect.stringMatching(message) })
  })

  test('a timeout that is a duration is taken', async () => {
    const handle = await run(job, { checkpoints: { timeout: minutes(1), minPause: seconds(0) } })
    expect((await handle.result).status).toBe('finished')
  })
})
