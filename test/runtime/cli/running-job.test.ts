import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { jobView } from '../../../runtime/operations/contract.js'
import { Child, tidemark } from './child.js'
import { tidemark as tidemarkHere } from './savepoint/command.js'

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemark-running-'))
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }')
  const job = (sink: string) => `import { defineJob } from 'tidemark'
import { generator, print } from 'tidemark/collection'
// A last checkpoint that never completes: what a hanging storage does.
const stuck = {
  kind: 'stuck',
  guarantee: 'at-least-once' as const,
  write: () => ({
    write: (batch: { readonly values: readonly number[]; readonly length: number }) => {
      console.log(batch.values.join('\\\\n'))
      return batch.length
    },
    prepareCommit: () => new Promise<never>(() => undefined),
    close: () => undefined,
  }),
}
const sinks = { print: print<number>(), stuck }
export default defineJob('endless', (job) => {
  job.from('numbers', generator({ make: (index) => index, rate: 300, splits: 1 })).to('out', sinks.${sink})
})`
  await writeFile(join(folder, 'endless.ts'), job('print'))
  await writeFile(join(folder, 'stuck.ts'), job('stuck'))
  await writeFile(
    join(folder, 'slow.ts'),
    "console.log('loading'); setInterval(() => {}, 1000); await new Promise(() => {})",
  )
  await writeFile(join(folder, 'token.txt'), 'the-token-of-this-job\n')
})

afterAll(() => rm(folder, { recursive: true, force: true }))

const file = (name: string): string => join(folder, name)
const start = (job: string, ...args: string[]): Child =>
  new Child(['run', file(job), '--operations-port', '0', ...args])
const values = (text: string): number[] => text.trim().split('\n').map(Number)

describe('a running job', () => {
  it('tells how it is doing, to people and to machines, and stops when told to', async () => {
    const child = start('endless.ts', '--checkpoints', file('state-status'))
    const url = await child.url()
    const forPeople = await tidemarkHere('status', url)
    expect([forPeople.code, forPeople.error]).toEqual([0, ''])
    expect(forPeople.out).toMatch(/^job +endless\nstatus +running, generation 1, 0 restarts\n/)
    expect(forPeople.out).toMatch(/^operator +subtasks +records in +records out +event time$/m)
    const forMachines = await tidemarkHere('status', url, '--json')
    expect(jobView.parse(JSON.parse(forMachines.out))).toMatchObject({ job: 'endless', status: 'running' })
    const savepoint = await tidemarkHere('savepoint', 'create', url, '--json')
    expect(JSON.parse(savepoint.out)).toMatchObject({
      location: expect.stringContaining(file('state-status')),
      bytes: expect.any(Number),
    })
    const elsewhere = await tidemarkHere('savepoint', 'create', url, '--to', file('elsewhere'))
    expect(elsewhere).toMatchObject({ code: 1, error: expect.stringContaining('SAVEPOINT_PLACE_NOT_ALLOWED') })
    const stopped = await tidemark('stop', url, '--savepoint', file('state-status/last'))
    expect([stopped.code, stopped.stderr]).toEqual([0, ''])
    expect(stopped.stdout).toMatch(/^stopped\nsavepoint \d+: .*state-status\/last, /)
    expect(await child.ended).toEqual({ code: 0, signal: null })
  }, 60_000)

  it('asks for the token that its file holds', async () => {
    const child = start('endless.ts', '--operations-token-file', file('token.txt'))
    const url = await child.url()
    const without = await tidemark('status', url)
    expect([without.code, without.stdout]).toEqual([1, ''])
    expect(without.stderr).toMatch(/^error: .*401 TOKEN_REQUIRED.*\[OPERATIONS_REFUSED\]\n$/)
    expect(await tidemark('stop', url, '--no-wait', '--token-file', file('token.txt'))).toMatchObject({
      code: 0,
      stdout: 'stopping\n',
    })
    expect(await child.ended).toEqual({ code: 0, signal: null })
    expect(child.stderr).not.toContain('the-token-of-this-job')
  }, 60_000)

  it('logs lines of JSON with the job, where nobody looks', async () => {
    const child = start('endless.ts')
    await child.url()
    child.kill('SIGINT')
    expect(await child.ended).toEqual({ code: 0, signal: null })
    for (const line of child.logged) {
      expect(line).toMatchObject({ job: 'endless', level: 'info', time: expect.stringMatching(/^\d{4}-.*Z$/) })
    }
    expect(child.logged.at(-1)).toMatchObject({ msg: expect.stringMatching(/^endless stopped: /), status: 'stopped' })
  }, 60_000)
})

describe('a savepoint', () => {
  it('is where a run in another place goes on, once: its restarts go on from there', async () => {
    const first = start('endless.ts', '--checkpoints', file('state-first'))
    const url = await first.url(20)
    expect(await tidemark('stop', url, '--savepoint', file('state-first/moved'))).toMatchObject({ code: 0 })
    expect(await first.ended).toEqual({ code: 0, signal: null })
    const printed = values(first.stdout)
    for (let round = 0; round < 2; round++) {
      const where = ['--checkpoints', file('state-second'), '--from-savepoint', file('state-first/moved')]
      const next = start('endless.ts', ...where, '--resume')
      await next.url(20)
      next.kill('SIGTERM')
      expect(await next.ended).toEqual({ code: 0, signal: null })
      printed.push(...values(next.stdout))
    }
    expect(printed.length).toBeGreaterThan(60)
    expect(printed).toEqual(printed.map((_, index) => index))
  }, 60_000)
})

describe('SIGTERM', () => {
  it('ends at once while the job is loaded', async () => {
    const child = start('slow.ts')
    await expect.poll(() => child.stdout, { timeout: 20_000 }).toBe('loading\n')
    child.kill('SIGTERM')
    expect(await child.ended).toEqual({ code: 143, signal: null })
  }, 60_000)

  it('takes a last checkpoint and ends with 0; the next start goes on from there', async () => {
    const run = () =>
      start('endless.ts', '--checkpoints', file('state-term'), '--checkpoint-interval', '10m', '--resume')
    const printed: number[] = []
    for (let round = 0; round < 2; round++) {
      const child = run()
      await child.url(20)
      child.kill('SIGTERM')
      expect(await child.ended).toEqual({ code: 0, signal: null })
      printed.push(...values(child.stdout))
    }
    expect(printed.length).toBeGreaterThan(40)
    expect(printed).toEqual(printed.map((_, index) => index))
  }, 60_000)

  it('ends with 75 when the last checkpoint takes longer than the grace period', async () => {
    const child = start('stuck.ts', '--grace', '200ms')
    await child.url()
    child.kill('SIGTERM')
    expect(await child.ended).toEqual({ code: 75, signal: null })
    expect(child.logged.at(-1)).toMatchObject({ level: 'error', msg: expect.stringMatching(/grace period of 0.2 s/) })
  }, 60_000)

  it('ends at once the second time', async () => {
    const child = start('stuck.ts', '--grace', '10m')
    await child.url()
    child.kill('SIGTERM')
    await expect.poll(() => child.stderr).toContain('SIGTERM: stopping')
    child.kill('SIGTERM')
    expect(await child.ended).toEqual({ code: 143, signal: null })
  }, 60_000)
})
