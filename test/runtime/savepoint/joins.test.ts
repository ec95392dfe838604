import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { boundedOutOfOrderness, defineJob, seconds } from 'tidemark'
import { collectInto } from 'tidemark/collection'
import { memoryStore, run } from 'tidemark/run'
import { readSavepoint } from 'tidemark/savepoint'
import { expect, onTestFinished, test } from 'vitest'
import { Gate, pausedSource } from '../../golden/jobs/paused-source.js'
import { collected } from './entries.js'

interface Event {
  readonly ride: string
  readonly at: number
}

const byTime = boundedOutOfOrderness({ timestamp: (value: Event) => value.at, maxDelay: seconds(0) })

test('what an interval join keeps is read side by side, and piece by piece of time', async () => {
  const [start, end] = [
    { ride: 'a', at: 10_000 },
    { ride: 'b', at: 10_500 },
  ]
  let onRead = (): void => {}
  const read = new Promise<void>((resolve) => {
    onRead = resolve
  })
  // It never opens: the input does not end.
  const gate = new Gate(2, () => onRead())
  const job = defineJob('near', (builder) => {
    const starts = builder.from('starts', pausedSource([[start]], gate, { batch: 1 }), byTime).keyBy(({ ride }) => ride)
    const ends = builder.from('ends', pausedSource([[end]], gate, { batch: 1 }), byTime).keyBy(({ ride }) => ride)
    starts
      .intervalJoin(ends, { lower: seconds(0), upper: seconds(4) })
      .process('near', (start) => [start.ride])
      .to('out', collectInto<string>([]))
  })
  const folder = await mkdtemp(join(tmpdir(), 'tidemark-join-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const handle = await run(job, { checkpoints: { to: memoryStore() } })
  await read
  await handle.stop({ savepoint: folder })
  const savepoint = await readSavepoint(folder)
  const layout = 'by-time interval(0ms, 4000ms)'
  expect(await savepoint.states('near')).toEqual([
    { state: 'left', kind: 'window', layout, version: 1 },
    { state: 'right', kind: 'window', layout, version: 1 },
  ])
  // Pieces are of 1001 ms: a quarter of what the interval spans.
  expect(await collected(savepoint.keyedState('near', 'left'))).toMatchObject([
    { kind: 'window', state: 'left', key: 'a', window: { start: 9009 }, value: { times: [10_000], values: [start] } },
  ])
  expect(await collected(savepoint.keyedState('near', 'right'))).toMatchObject([
    { kind: 'window', state: 'right', key: 'b', window: { start: 10_010 }, value: { times: [10_500], values: [end] } },
  ])
})
