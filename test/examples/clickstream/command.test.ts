import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { madeUpClicks } from '../../../examples/clickstream/made-up.js'
import { readVisits } from '../../../examples/clickstream/results.js'
import { folderOfTest } from '../taxi/end-to-end/folder.js'
import { newestLogState } from '../taxi/end-to-end/job-log.js'
import { Process } from '../taxi/end-to-end/process.js'
import { expectedSessions, expectedStagger, visitText } from './expected.js'

it('npm run clickstream, killed while it reads, goes on from its checkpoint: each visit once', {
  timeout: 120_000,
}, async () => {
  const folder = await folderOfTest()
  const out = join(folder, 'out')
  const checkpoints = join(folder, 'checkpoints')
  const start = (...args: readonly string[]) =>
    new Process('examples/clickstream/main.ts', [
      ...['--visits', '400', '--out', out, '--checkpoints', checkpoints, '--checkpoint-interval', '50ms'],
      ...args,
    ])
  // Slow enough to be under way for a minute, whatever the machine.
  const first = start('--rate', '50')
  const hasCommitted = async () => (await newestLogState(checkpoints)).committed >= 3
  expect(await first.reaches(hasCommitted, { what: 'the third commit' })).toBe(true)
  expect(await first.kill('SIGKILL')).toMatchObject({ signal: 'SIGKILL' })

  expect(await start('--parallelism', '3').ended).toMatchObject({ code: 0, signal: null, error: '' })
  const clicks = madeUpClicks({ visits: 400, seed: 1 })
  const textsOf = async (name: string) => (await readVisits(join(out, name))).map(visitText).sort()
  expect(await textsOf('sessions')).toEqual(expectedSessions(clicks, 600_000))
  expect(await textsOf('stagger')).toEqual(expectedStagger(clicks, 900_000))
})

it('npm run clickstream -- --s3 with a folder writes nothing, and says where folders go', async () => {
  const out = join(await folderOfTest(), 'out')
  const refused = new Process('examples/clickstream/main.ts', ['--visits', '5', '--out', out, '--s3', 'visits'])
  const { code, error } = await refused.ended
  expect(code).toBe(1)
  expect(error).toContain('s3://bucket/folder, found visits')
  await expect(access(out)).rejects.toMatchObject({ code: 'ENOENT' })
})
