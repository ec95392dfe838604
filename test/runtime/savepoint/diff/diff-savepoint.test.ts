import { join } from 'node:path'
import {
  boundedOutOfOrderness,
  defineJob,
  type Job,
  listOperatorState,
  listState,
  mapState,
  mean,
  millis,
  type StateDeclarations,
  tumbling,
  unionOperatorState,
  valueState,
} from 'tidemark'
import { collectInto, collection } from 'tidemark/collection'
import { describe, expect, it } from 'vitest'
import { diffSavepoint, type OperatorDiff } from '../../../../runtime/savepoint/diff/index.js'
import { tidemark } from '../../cli/savepoint/command.js'
import { folder, READINGS, type Reading, rooms, running, savepointOf } from '../../fixture/savepoint-job.js'

/** The `rooms` job with other state in `step`; the ids are as given. */
function changed(
  state: StateDeclarations,
  ids: { readonly step?: string; readonly windows?: string } = {},
): Job<unknown> {
  return defineJob('rooms', (job) => {
    const readings = job
      .from(
        'readings',
        collection<Reading>([]),
        boundedOutOfOrderness({ timestamp: ({ at }) => at, maxDelay: millis(1000) }),
      )
      .keyBy(({ room }) => room)
    readings
      .process(ids.step ?? 'step', {
        state,
        open() {
          throw new RangeError('nothing of the user runs')
        },
        process: (reading) => [reading],
      })
      .to('out', collectInto<Reading>([]))
    readings
      .window(tumbling(millis(10)))
      .aggregate(ids.windows ?? 'windows', { n: mean((reading) => reading.value) })
      .to('per-window', collectInto<unknown>([]))
  })
}

const operator = (operators: readonly OperatorDiff[], id: string): OperatorDiff | undefined =>
  operators.find((one) => one.id === id)

describe('what a job would do with a savepoint', () => {
  it('it took itself: everything restores, at any parallelism', async () => {
    const savepoint = await savepointOf()
    const diff = await diffSavepoint(savepoint, rooms(), { parallelism: 3 })
    expect(diff).toMatchObject({
      restores: true,
      refusals: [],
      sameGraph: true,
      input: 'open',
      maxParallelism: { savepoint: 128 },
      job: { savepoint: 'rooms', job: 'rooms' },
    })
    expect(new Set(diff.operators.map(({ verdict }) => verdict))).toEqual(new Set(['restores']))
    expect(operator(diff.operators, 'readings')).toMatchObject({ splits: 1, parallelism: { savepoint: 2, job: 3 } })
    expect(operator(diff.operators, 'out')).toMatchObject({ committables: 2 })
    expect(operator(diff.operators, 'step')?.states.map(({ state, verdict }) => [state, verdict])).toEqual([
      ['last', 'restores'],
      ['values', 'restores'],
      ['seen', 'restores'],
      ['timers', 'restores'],
    ])
  })

  it('is said state by state: what migrates, what is new, what is refused and why', async () => {
    const job = changed({
      last: valueState<{ at: number }>({ version: 3, migrate: { 1: (old: Reading) => old, 2: (old: Reading) => old } }),
      values: valueState<number>(),
      seen: mapState<number, string>({ version: 2 }),
      fresh: listState<string>(),
    })
    const diff = await diffSavepoint(await savepointOf(), job)
    expect(diff).toMatchObject({ restores: false, refusals: [], sameGraph: false })
    expect(operator(diff.operators, 'step')).toMatchObject({
      verdict: 'refused',
      states: [
        { state: 'last', verdict: 'migrates', from: 1, to: 3 },
        { state: 'values', verdict: 'refused', why: expect.stringMatching(/value-by-key.*list-by-key/) },
        { state: 'seen', verdict: 'refused', why: expect.stringMatching(/version 1 to 2/) },
        { state: 'timers', verdict: 'restores' },
        { state: 'fresh', verdict: 'new' },
      ],
    })
    expect(operator(diff.operators, 'windows')).toMatchObject({
      verdict: 'refused',
      states: [{ state: 'windows', verdict: 'refused', why: expect.stringMatching(/n: mean.*n: count/) }],
    })
  })

  it('without some of its state or steps is a refusal, unless they may be dropped', async () => {
    const savepoint = await savepointOf()
    const job = changed({ last: valueState<Reading>() }, { windows: 'means' })
    const refused = await diffSavepoint(savepoint, job)
    expect(refused.restores).toBe(false)
    expect(operator(refused.operators, 'windows')).toMatchObject({ verdict: 'refused', why: expect.any(String) })
    expect(operator(refused.operators, 'means')).toMatchObject({ verdict: 'new', states: [{ state: 'windows' }] })

    const dropped = await diffSavepoint(savepoint, job, { allowDroppedState: true })
    expect(dropped.restores).toBe(true)
    expect(operator(dropped.operators, 'windows')).toMatchObject({ verdict: 'dropped' })
    expect(operator(dropped.operators, 'step')?.states).toMatchObject([
      { state: 'last', verdict: 'restores' },
      { state: 'values', verdict: 'dropped' },
      { state: 'seen', verdict: 'dropped' },
      { state: 'timers', verdict: 'restores' },
    ])
  })

  it('without a sink that has something to commit is a refusal whatever may be dropped', async () => {
    const job = defineJob('rooms', (of) => {
      of.from('readings', collection<Reading>([])).to('elsewhere', collectInto<Reading>([]))
    })
    const { restores, operators } = await diffSavepoint(await savepointOf(), job, { allowDroppedState: true })
    expect(restores).toBe(false)
    expect(operator(operators, 'out')).toMatchObject({
      verdict: 'refused',
      why: expect.stringContaining('committables'),
    })
    expect(operator(operators, 'per-window')).toMatchObject({ verdict: 'dropped' })
  })

  it('is a refusal for another job, another max parallelism and a drained input', async () => {
    const savepoint = await savepointOf()
    const of = async (job: Job<unknown>, options: Parameters<typeof diffSavepoint>[2] = {}) =>
      (await diffSavepoint(savepoint, job, options)).refusals
    expect(await of(rooms('flats'))).toEqual([expect.stringMatching(/job 'rooms', not of 'flats'/)])
    expect(await of(rooms(), { maxParallelism: 64 })).toEqual([expect.stringMatching(/128.*64/)])
    expect(await of(rooms(), { parallelism: 200 })).toEqual([expect.stringContaining('200')])

    const { handle } = await running(rooms())
    const drained = join(await folder(), 'drained')
    await handle.stop({ drain: 'now', savepoint: drained })
    expect(await diffSavepoint(drained, rooms())).toMatchObject({ restores: false, input: 'drained' })
    expect(await diffSavepoint(drained, rooms(), { resumeDrained: true })).toMatchObject({ restores: true })
  })

  it('knows state that is not keyed by its mode', async () => {
    const of = (held: ReturnType<typeof listOperatorState<number>> | ReturnType<typeof unionOperatorState<number>>) =>
      defineJob('rooms', (job) => {
        job
          .from('readings', collection<Reading>([]))
          .process('step', {
            operatorState: { held },
            process({ value }, ctx) {
              ctx.operatorState.held.add(value)
              return [value]
            },
          })
          .to('out', collectInto<number>([]))
      })
    const savepoint = await savepointOf(of(listOperatorState<number>()))
    const statesOf = async (job: Job<unknown>) =>
      operator((await diffSavepoint(savepoint, job)).operators, 'step')?.states
    expect(await statesOf(of(listOperatorState<number>()))).toMatchObject([{ state: 'held', verdict: 'restores' }])
    expect(await statesOf(of(unionOperatorState<number>()))).toMatchObject([
      { state: 'held', verdict: 'refused', why: 'expected union state, found list state' },
    ])
  })

  it('agrees with what the job does', async () => {
    const savepoint = await savepointOf()
    const jobs: readonly Job<unknown>[] = [
      rooms(),
      rooms('flats'),
      changed({ last: valueState<Reading>() }),
      changed(
        { last: valueState<Reading>(), values: listState<number>(), seen: listState<number>() },
        { windows: 'w' },
      ),
    ]
    for (const job of jobs) {
      const { restores } = await diffSavepoint(savepoint, job)
      const { handle } = await running(job, READINGS, { from: savepoint })
      expect(handle.status === 'running').toBe(restores)
    }
  })
})

describe('tidemark savepoint diff', () => {
  const job = join(import.meta.dirname, '../../fixture/rooms-job.ts')

  it('ends with 0 where the job would start', async () => {
    const { code, out, error } = await tidemark('savepoint', 'diff', await savepointOf(), job, '--parallelism', '4')
    expect([code, error]).toEqual([0, ''])
    expect(out).toMatch(/graph +the same/)
    expect(out).toMatch(/readings +2 -> 4 +restores +reads 1 split on/)
    expect(out).toMatch(/\n +last +restores +value-by-key/)
    expect(out).toContain("job 'rooms' would start from it")
  })

  it('ends with 1 where the job would refuse, and says why', async () => {
    const savepoint = await savepointOf(rooms('flats'))
    const { code, out } = await tidemark('savepoint', 'diff', savepoint, job)
    expect(code).toBe(1)
    expect(out).toMatch(/job 'rooms' would refuse it\n.*job 'flats', not of 'rooms'/)
    const json = await tidemark('savepoint', 'diff', savepoint, job, '--json')
    expect(json.code).toBe(1)
    expect(JSON.parse(json.out)).toMatchObject({ restores: false, job: { savepoint: 'flats', job: 'rooms' } })
  })
})
