import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { RideEvent } from '../../../examples/rides/event.js'
import type { LongRide, Ride, Withdrawn } from '../../../examples/rides/job.js'
import { madeUpEvents } from '../../../examples/rides/made-up.js'
import { readJsonLines } from '../../../examples/shared/read-json-lines.js'
import { IS_WHOLE } from '../../golden/taxi/seeded.js'
import { folderOfTest } from '../taxi/end-to-end/folder.js'
import { newestLogState } from '../taxi/end-to-end/job-log.js'
import { Process } from '../taxi/end-to-end/process.js'
import { expectedRides } from './expected.js'
import { settled } from './results.js'

const rides = (...args: readonly string[]): Process => new Process('examples/rides/main.ts', args)

describe('npm run rides', () => {
  it('killed while it reads goes on from its checkpoint, and gives each result once', {
    timeout: 120_000,
  }, async () => {
    const folder = await folderOfTest()
    const out = join(folder, 'out')
    const checkpoints = join(folder, 'checkpoints')
    const command = ['--rides', '1000', '--out', out, '--checkpoints', checkpoints, '--checkpoint-interval', '50ms']
    // Slow enough to be under way for a minute, whatever the machine.
    const first = rides(...command, '--rate', '30')
    const hasCommitted = async () => (await newestLogState(checkpoints)).committed >= 3
    expect(await first.reaches(hasCommitted, { what: 'the third commit' })).toBe(true)
    expect(await first.kill('SIGKILL')).toMatchObject({ signal: 'SIGKILL' })

    const second = await rides(...command, '--parallelism', '3').ended
    expect(second).toMatchObject({ code: 0, signal: null, error: '' })
    const results = {
      rides: await readJsonLines<Ride>(join(out, 'rides')),
      long: await readJsonLines<LongRide>(join(out, 'long_rides')),
      withdrawn: await readJsonLines<Withdrawn>(join(out, 'withdrawn')),
      unmatched: await readJsonLines<RideEvent>(join(out, 'unmatched_ends')),
    }
    const expected = expectedRides(madeUpEvents({ rides: 1000, seed: 1 }), 2 * 3_600_000)
    expect(settled(results)).toEqual(expected)
    expect(second.out).toContain(`${expected.rides.length.toLocaleString('en-US')} rides, `)
  })

  it.runIf(IS_WHOLE)('says what is wrong in one line', { timeout: 60_000 }, async () => {
    const ended = await rides('--events', 'nowhere.csv', '--out', await folderOfTest()).ended
    expect(ended).toMatchObject({ code: 1, error: "error: source 'ride-events': nowhere.csv does not exist\n" })
    expect((await rides('--help').ended).out).toContain('--long-after <duration>')
    expect((await rides('--rides', '0').ended).error).toContain('Expected a whole number from 1.')
  })
})
