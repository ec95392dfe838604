import { type ChildProcess, spawn } from 'node:child_process'
import { createServer } from 'node:http'
import { resolve } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { answers, type ServiceFault } from '../../../examples/connectors/local-service.js'
import { startPageService } from '../../../examples/connectors/page-service.js'
import { startTableService } from '../../../examples/connectors/table-service.js'
import { temporaryFolder } from '../../connectors/file/support.js'
import { choices, SEED } from '../../golden/taxi/seeded.js'
import { bundled } from '../../setup/bundled.js'
import type { ChildOptions } from './child.js'

const ROOT = resolve(import.meta.dirname, '../../..')
const KILLS = Number(process.env['TIDEMARK_KILLS'] ?? (process.env['TIDEMARK_TIER'] === 'all' ? 40 : 2))
/** Items that come to each partition between two kills. */
const ITEMS = 60
const PARTITIONS = ['a', 'b', 'c']
const FAULTS = ['busy', 'replyLost'] as const

function start(module: string, options: ChildOptions): { child: ChildProcess; ended: Promise<string> } {
  const child = spawn(process.execPath, ['--no-warnings', module, JSON.stringify(options)], { cwd: ROOT })
  onTestFinished(() => void child.kill('SIGKILL'))
  let text = ''
  child.stdout.on('data', (chunk) => {
    text += chunk
  })
  child.stderr.on('data', (chunk) => {
    text = (text + chunk).slice(-4000)
  })
  return { child, ended: new Promise((done) => child.on('close', (code) => done(`code ${code}: ${text}`))) }
}

test(`killed ${KILLS} times, a job from pages to a table has each item once, and has lost none on its way to a batch sink (seed ${SEED})`, {
  timeout: 60_000 + KILLS * 15_000,
}, async () => {
  const random = choices(SEED)
  const partitions = new Map<string, number[]>(PARTITIONS.map((name) => [name, []]))
  let isEnded = false
  const pages = await startPageService({ partitions, isEnded: () => isEnded })
  const table = await startTableService()
  const posted = new Set<number>()
  const posts = await answers(createServer(), ({ body }) => {
    for (const n of JSON.parse(body) as number[]) posted.add(n)
    return {}
  })
  for (const service of [pages, table, posts]) onTestFinished(() => service.close())
  const module = await bundled('test/examples/connectors/child.ts')
  const checkpoints = await temporaryFolder()
  const begin = () =>
    start(module, {
      pages: pages.url,
      table: table.url,
      posts: posts.url,
      checkpoints,
      parallelism: random.one([1, 2, 3]),
    })
  const faulty = () => (random.between(0, 99) < 5 ? random.one(FAULTS) : undefined)
  pages.fault = faulty

  let total = 0
  const grow = (): void => {
    for (const items of partitions.values()) for (let item = 0; item < ITEMS; item++) items.push(total++)
  }
  for (let kill = 0; kill < KILLS; kill++) {
    grow()
    const { child, ended } = begin()
    // At a request, or when all is there and no request comes.
    let left = random.between(5, 40)
    const count = (): ServiceFault | undefined => {
      if (--left === 0) child.kill('SIGKILL')
      return faulty()
    }
    table.fault = count
    posts.fault = count
    const whenDone = setInterval(() => table.rows().length === total && child.kill('SIGKILL'), 20)
    const end = await ended
    clearInterval(whenDone)
    expect(end).toMatch(/^code null/)
    const rows = table.rows() as number[]
    expect(new Set(rows).size, 'no row twice').toBe(rows.length)
    // What the table shows is of a completed checkpoint: the batch sink has delivered that.
    expect(rows.filter((n) => !posted.has(n))).toEqual([])
  }
  grow()
  isEnded = true
  for (const service of [pages, table, posts]) service.fault = faulty
  expect(await begin().ended).toMatch(/^code 0: .*finished/s)
  const all = Array.from({ length: total }, (_, n) => n)
  expect(([...table.rows()] as number[]).sort((one, other) => one - other)).toEqual(all)
  expect([...posted].sort((one, other) => one - other)).toEqual(all)
  expect(table.staged()).toBe(0)
})
