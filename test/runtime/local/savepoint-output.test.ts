import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defineJob, hours, millis, noWatermarks } from 'tidemark'
import { fileSink, jsonLines } from 'tidemark/file'
import { fixedDelay, run } from 'tidemark/run'
import { expect, it, onTestFinished } from 'vitest'
import { Gate, pausedSource } from '../../golden/jobs/paused-source.js'

it('what a savepoint has to commit is still there when the job fails before its next checkpoint', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tidemark-savepoint-output-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const out = join(folder, 'out')
  const numbers = Array.from({ length: 40 }, (_, index) => index)
  let isFailing = false
  const jobOf = (gate: Gate) =>
    defineJob('numbers', (job) => {
      job
        .from('numbers', pausedSource([numbers], gate, { batch: 10, pauseMs: 1 }), noWatermarks())
        .map((value) => {
          if (isFailing) {
            isFailing = false
            throw new Error('the outside is away')
          }
          return { value }
        })
        .to('rows', fileSink({ path: out, format: jsonLines() }))
    })
  let paused = (): void => {}
  const reached = new Promise<void>((resolve) => {
    paused = resolve
  })
  const gate = new Gate(20, () => paused())
  const handle = await run(jobOf(gate), {
    checkpoints: { to: join(folder, 'checkpoints'), interval: hours(1) },
    restart: fixedDelay({ attempts: 1, delay: millis(1) }),
    logger: { debug() {}, info() {}, warn() {}, error() {} },
  })
  await reached
  const { location } = await handle.savepoint({ to: join(folder, 'savepoint') })
  isFailing = true
  gate.open()
  expect(await handle.result).toMatchObject({ status: 'finished' })
  expect(await valuesIn(out)).toEqual(numbers)

  // Going back on purpose: the rows behind the savepoint come once more, those before it are committed, once.
  const again = await run(jobOf(new Gate()), { from: { savepoint: location, allowRewind: true } })
  expect(await again.result).toMatchObject({ status: 'finished' })
  expect(await valuesIn(out)).toEqual([...numbers, ...numbers.slice(20)].sort((a, b) => a - b))
})

async function valuesIn(out: string): Promise<number[]> {
  const names = (await readdir(out)).filter((name) => name.endsWith('.jsonl'))
  const texts = await Promise.all(names.map((name) => readFile(join(out, name), 'utf8')))
  const lines = texts.flatMap((text) => text.trim().split('\n'))
  return lines.map((line) => (JSON.parse(line) as { value: number }).value).sort((a, b) => a - b)
}
