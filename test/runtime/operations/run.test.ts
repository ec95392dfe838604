import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { seconds } from '../../../core/duration.js'
import { jobView } from '../../../runtime/operations/contract.js'
import type { RunOptions } from '../../../runtime/run.js'
import { run } from '../../../runtime/run.js'
import { LedgerSink } from '../fixture/ledger-sink.js'
import { row, Script } from '../fixture/script.js'
import { copyJob } from '../fixture/start.js'
import { ask, post } from './fixture.js'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemark-operations-'))
})

afterEach(() => rm(folder, { recursive: true, force: true }))

async function start(source: Script, options: RunOptions = {}) {
  const sink = new LedgerSink()
  const handle = await run(copyJob(source, sink), {
    operations: { port: 0 },
    checkpoints: { to: folder, interval: seconds(60), resume: true },
    ...options,
  })
  const url = String(handle.operationsUrl)
  const view = async () => jobView.parse((await ask(url, '/api/v1/job')).json)
  return { handle, url, view, sink }
}

describe('a job that serves its operations', () => {
  it('is ready when it runs, shows what it does, and ends with what stop asked for', async () => {
    const source = new Script({ intervalMs: 1000 }).push('a', row(1), row(2), row(3))
    const { handle, url, view } = await start(source)
    await expect.poll(async () => (await ask(url, '/readyz')).status).toBe(200)
    await expect.poll(async () => (await view()).recordsRead).toBe(3)
    expect(await view()).toMatchObject({
      job: 'copy',
      status: 'running',
      generation: 1,
      location: folder,
      parallelism: 1,
    })
    const { text } = await ask(url, '/metrics')
    expect(text).toContain('tidemark_operator_records_in_total{operator="rows",subtask="0",job="copy"} 3')
    expect(text).toContain('tidemark_job_status{status="running",job="copy"} 1')
    expect(text).toMatch(
      /tidemark_task_activity_seconds_total\{task="rows > out",subtask="0",activity="busy",job="copy"\} \d/,
    )
    expect(await post(url, '/api/v1/stop', {})).toMatchObject({ status: 200, json: { status: 'stopped' } })
    expect(await handle.result).toMatchObject({ status: 'stopped', progress: { checkpoints: { completed: 1 } } })
    await expect(ask(url, '/healthz')).rejects.toThrow('ECONNREFUSED')
  })

  it('goes on from the checkpoint that the stop took', async () => {
    const source = new Script({ intervalMs: 1000 }).push('a', row(1), row(2))
    const first = await start(source)
    await expect.poll(async () => (await first.view()).recordsRead).toBe(2)
    await post(first.url, '/api/v1/stop', {})
    source.push('a', row(3))
    const second = await start(source)
    await expect.poll(async () => (await second.view()).recordsRead).toBe(1)
    await post(second.url, '/api/v1/stop', { drain: 'now' })
    expect(await second.handle.result).toMatchObject({ status: 'finished' })
  })

  it('frees its port when the job fails, and lets it fail as it would', async () => {
    const { handle, url } = await start(new Script({ onOpen: () => Promise.reject(new RangeError('no way in')) }), {
      checkpoints: {},
    })
    await expect(handle.result).rejects.toThrow('no way in')
    await expect(ask(url, '/healthz')).rejects.toThrow('ECONNREFUSED')
  })

  it('does not start at all where the port is taken', async () => {
    const { handle, url } = await start(new Script({ intervalMs: 1000 }))
    const source = new Script()
    const port = Number(new URL(url).port)
    await expect(start(source, { operations: { port } })).rejects.toMatchObject({ code: 'OPERATIONS_PORT_IN_USE' })
    expect(source.opened).toEqual([])
    await handle.cancel()
  })

  it('is one that was told to: nothing listens by default', async () => {
    const { handle } = await start(new Script().end(), { operations: false })
    expect(handle.operationsUrl).toBeUndefined()
    await handle.result
  })
})
