import { spawn } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { isDeepStrictEqual } from 'node:util'
import { startLocalOpenSearch } from 'tidemark/testing'
import { SEED } from '../../golden/taxi/seeded.js'
import { type Answer, answersOf, ask } from './answers.js'
import { CLEAN_UP } from './exchanges.js'
import { survivesFaults } from './faults.js'
import { startRealOpenSearch } from './real.js'

/**
 * `npm run test:opensearch [-- URL] [-- --record]`: the local OpenSearch against a real one, and the tests of the sink and of
 * the taxi job, with the queries of its dashboard, on it.
 * Without a URL one is started with Java and Maven, and a job writes to it while it is killed and started again. Indices that
 * begin with `tm-` are deleted there.
 */
const TESTS = ['test/connectors/opensearch/sink.test.ts', 'test/examples/taxi/end-to-end/opensearch.test.ts']
const RECORDED = new URL('./recorded.json', import.meta.url)

const record = process.argv.includes('--record')
const given = process.argv.slice(2).find((argument) => !argument.startsWith('--'))
const started = given === undefined ? await startRealOpenSearch() : undefined
const real = started ?? { url: String(given).replace(/\/$/, ''), close: async () => {} }
try {
  for (const exchange of CLEAN_UP) await ask(real.url, exchange)
  const found = await answersOf(real.url)
  if (record) await writeFile(RECORDED, `${JSON.stringify(found, undefined, 2)}\n`)
  const recorded = JSON.parse(await readFile(RECORDED, 'utf8')) as readonly Answer[]
  const local = await startLocalOpenSearch()
  const double = await answersOf(local.url)
  await local.close()
  const isSame = [report('recorded', found, recorded), report('local', found, double)].every(Boolean)
  const code = await sinkTests(real.url)
  const isRight = started === undefined || (await survivesFaults(started, SEED))
  if (!isSame || code !== 0 || !isRight) process.exitCode = 1
} finally {
  await real.close()
}

function report(name: string, real: readonly Answer[], others: readonly Answer[]): boolean {
  const different = real.filter((answer, index) => !isDeepStrictEqual(answer, others[index]))
  console.log(`${name}: ${real.length - different.length} of ${real.length} answers are those of the real server`)
  for (const answer of different) {
    const other = others.find(({ name: same }) => same === answer.name)
    console.log(`  ${answer.name}\n    real:  ${JSON.stringify(answer)}\n    ${name}: ${JSON.stringify(other)}`)
  }
  return different.length === 0
}

function sinkTests(url: string): Promise<number | null> {
  return new Promise((resolve) => {
    const environment = { ...process.env, TIDEMARK_OPENSEARCH: url }
    const child = spawn('npx', ['vitest', 'run', ...TESTS], {
      stdio: 'inherit',
      env: environment,
    })
    child.once('exit', resolve)
  })
}
