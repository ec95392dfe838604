import { setTimeout as delay } from 'node:timers/promises'
import type { ChildOptions } from '../../connectors/s3/kill-child.js'
import { type Ended, type RunningChild, startChild } from '../../connectors/s3/kill-process.js'
import type { Choices } from '../../golden/taxi/seeded.js'
import { type Bucket, Output } from './output.js'

export const ROWS = 8000
/** Rows that the savepoint has. */
const SAVED = 1500
/** From the start of a job to its kill. */
const MOST_MS = 6000
/** Rows that a process may read beyond the pause. */
const BATCH = 25
/** More would leave a process less than a batch. */
export const MOST_KILLS = 200
const PATIENCE_MS = 180_000

export interface Check {
  readonly module: string
  readonly s3: ChildOptions['s3']
  readonly bucket: Bucket
  readonly random: Choices
  /** Of the run: everything is below it. */
  readonly folder: string
  readonly print: (line: string) => void
}

type Options = Pick<ChildOptions, 'format' | 'rollOnCheckpoint'> & Partial<ChildOptions>

/** One format: a savepoint, kills, the end, and back to the savepoint. Throws what is wrong. */
export async function checkFormat(check: Check, format: 'gzip' | 'parquet', kills: number): Promise<void> {
  const { bucket, random, folder, print } = check
  const place = `${folder}/${format}`
  const output = new Output(bucket, `${place}/rows/`)
  const savepointTo = `s3://${bucket.name}/${place}/savepoint`
  const options = (state: string, more: Options): ChildOptions => ({
    ...{ rows: ROWS, holdAt: undefined, parallelism: random.one([1, 2]), s3: check.s3 },
    to: `s3://${bucket.name}/${place}/rows`,
    checkpoints: `s3://${bucket.name}/${place}/${state}`,
    ...more,
  })
  const whole = { format, rollOnCheckpoint: true }
  // Files that go on over checkpoints have uploads that outlive a process; Parquet cannot.
  const some = () => ({ format, rollOnCheckpoint: format === 'parquet' || random.one([true, false, false]) })

  const first = startChild(check.module, options('state', { ...whole, holdAt: SAVED, savepointTo }))
  await watching(first, output, async () => {
    if (!(await first.said('savepoint'))) throw new Error(`no savepoint:\n${(await first.ended).error}`)
    await until(`the ${SAVED} rows of the savepoint are visible`, async () => output.numbers().length >= SAVED)
  })
  const saved = new Set(output.numbers())
  print(`  savepoint with ${saved.size} rows, then killed`)

  // A process pauses behind so many rows: all together do not reach the end.
  const share = Math.floor((ROWS - SAVED - 500) / Math.max(kills, 1)) - BATCH
  const left = await killed(check, kills, output, () =>
    options('state', { ...some(), holdAt: random.between(1, share) }),
  )
  print(
    `  killed ${kills} times: ${output.count} objects, ${left} unfinished uploads were left by the processes, in all`,
  )
  await finished(check, output, () => options('state', whole))
  await same('all rows', output, numbersTo(ROWS))
  print(`  finished: ${ROWS} rows in ${output.count} objects, each row once`)

  const from = { savepoint: savepointTo }
  const refused = await ended(startChild(check.module, options('rewound', { ...whole, from })))
  if (refused.code !== 1 || !refused.error.includes('SAVEPOINT_BEHIND_OUTPUT')) {
    throw new Error(`the old savepoint was not refused, but ended with ${refused.code}:\n${refused.error}`)
  }
  await same('after the refusal all rows', output, numbersTo(ROWS))
  print('  the old savepoint is refused: SAVEPOINT_BEHIND_OUTPUT, and nothing was written')

  const back = { from: { ...from, allowRewind: true } }
  await killed(check, 1, output, () => options('rewound', { ...some(), ...back, holdAt: random.between(2500, 4000) }))
  await finished(check, output, () => options('rewound', { ...whole, ...back }))
  const again = numbersTo(ROWS).filter((n) => !saved.has(n))
  await same('rows with those behind the savepoint once more', output, [...numbersTo(ROWS), ...again])
  print(`  with allowRewind: the ${again.length} rows behind it once more, killed once on the way`)

  const orphans = await bucket.uploads(output.prefix)
  if (orphans.length > 0) {
    throw new Error(
      `${orphans.length} uploads are left after the clean-up:\n${orphans.map(({ key }) => key).join('\n')}`,
    )
  }
  print('  no upload is left')
}

/** Both sides of the rows then have a file with one part, 5 MiB of gzip, and a tail. It ends with 2,500 rows. */
const GOING_ON = 4800

/** A checkpoint's upload is aborted, as a lifecycle rule does it. Whoever restores the checkpoint is told, and nothing is written. */
export async function checkExpired({ module, s3, bucket, folder, print }: Check): Promise<void> {
  const place = `${folder}/expired`
  const output = new Output(bucket, `${place}/rows/`)
  const savepoint = `s3://${bucket.name}/${place}/savepoint`
  const options = (state: string, more: Partial<ChildOptions>): ChildOptions => ({
    ...{ rows: ROWS, holdAt: undefined, parallelism: 1, s3, format: 'gzip', rollOnCheckpoint: false },
    to: `s3://${bucket.name}/${place}/rows`,
    checkpoints: `s3://${bucket.name}/${place}/${state}`,
    ...more,
  })
  const newestEntry = async () => (await bucket.keys(`${place}/state/log/`)).at(-1)
  const first = startChild(module, options('state', { holdAt: GOING_ON, savepointTo: savepoint }))
  await watching(first, output, async () => {
    if (!(await first.said('savepoint'))) throw new Error(`no savepoint:\n${(await first.ended).error}`)
    // Nor are files ended by the checkpoints behind it.
    for (let entries = 0; entries < 3; entries++) {
      const before = await newestEntry()
      await until('another checkpoint is there', async () => (await newestEntry()) !== before)
    }
  })
  const uploads = await bucket.uploads(output.prefix)
  const [expired, ...others] = uploads
  if (expired === undefined || others.length === 0)
    throw new Error(`${uploads.length} uploads go on, not those of two files`)
  const { count } = output
  await bucket.abort(expired)
  print(`  killed with ${uploads.length} uploads in its checkpoint and its savepoint; one of them aborted`)

  const starts = { 'the checkpoint': options('state', {}), 'the savepoint': options('again', { from: { savepoint } }) }
  for (const [what, start] of Object.entries(starts)) {
    const child = startChild(module, start)
    const { code, error } = await ended(child)
    const said = ['COMMITTABLE_MISSING', `upload ${expired.id} of s3://${bucket.name}/${expired.key}`]
    if (code !== 1 || !said.every((text) => error.includes(text))) {
      throw new Error(`${what} was not refused with ${said.join(' and ')}, but ended with ${code}:\n${error}`)
    }
    print(`  ${what} is refused: COMMITTABLE_MISSING, which names the upload`)
  }
  await output.look({ again: true })
  if (output.count !== count) throw new Error(`${output.count - count} objects were written all the same`)
  const left = new Set((await bucket.uploads(output.prefix)).map(({ id }) => id))
  if (!others.every(({ id }) => left.has(id))) throw new Error('another upload of the checkpoint was aborted')
  print('  nothing was written, and what else the checkpoint has is still there')
}

/** Kills at random moments of the work. Returns how many uploads were found behind the kills. */
async function killed(check: Check, kills: number, output: Output, options: () => ChildOptions): Promise<number> {
  let left = 0
  for (let kill = 0; kill < kills; kill++) {
    const child = startChild(check.module, options())
    const after = check.random.between(0, MOST_MS)
    await watching(child, output, async () => {
      if (!(await child.said('running'))) throw new Error(`it did not start:\n${(await child.ended).error}`)
      // The source pauses before its end: the process is there still, however fast it is.
      await delay(after)
      if (child.process.exitCode !== null) throw new Error(`it ended by itself:\n${(await child.ended).error}`)
    })
    left += (await check.bucket.uploads(output.prefix)).length
    const numbers = output.numbers()
    check.print(`  kill ${kill + 1}, ${after} ms after it went on: ${numbers.length} rows in ${output.count} objects`)
  }
  return left
}

/** To the end of the input, and once more: a last start has nothing to do but to clean up. */
async function finished(check: Check, output: Output, options: () => ChildOptions): Promise<void> {
  for (const start of ['the last run', 'the run that cleans up']) {
    const child = startChild(check.module, options())
    await watching(child, output, async () => {
      const { code, error } = await ended(child)
      if (code !== 0) throw new Error(`${start} ended with ${code}:\n${error}`)
    })
  }
}

/** A reader polls the output as long as the work takes; behind it the process is dead. */
async function watching(child: RunningChild, output: Output, work: () => Promise<void>): Promise<void> {
  let isOver = false
  const read = async (): Promise<void> => {
    while (!isOver) {
      await output.look()
      await delay(20)
    }
  }
  const reader = read()
  try {
    await Promise.race([work(), reader])
  } finally {
    isOver = true
    child.process.kill('SIGKILL')
    await child.ended
  }
  await reader
  await output.look()
}

async function ended(child: RunningChild): Promise<Ended> {
  const isEnded = child.ended.then(() => true)
  await until('a run ends', () => Promise.race([isEnded, delay(50, false)]), child)
  return child.ended
}

async function until(what: string, isSo: () => Promise<boolean>, child?: RunningChild): Promise<void> {
  const end = performance.now() + PATIENCE_MS
  while (!(await isSo())) {
    if (performance.now() > end) {
      child?.process.kill('SIGKILL')
      throw new Error(`after ${PATIENCE_MS / 1000} s it is not so that ${what}:\n${(await child?.ended)?.error ?? ''}`)
    }
    await delay(20)
  }
}

/** All is read again: objects that were seen have not changed. */
async function same(what: string, output: Output, expected: readonly number[]): Promise<void> {
  await output.look({ again: true })
  const found = output.numbers()
  const [missing, tooMany] = [surplus(expected, found), surplus(found, expected)]
  if (missing.length + tooMany.length === 0) return
  const shown = (numbers: readonly number[]): string => `${numbers.length} (${numbers.slice(0, 10).join(', ')})`
  throw new Error(`${what}: missing ${shown(missing)}, too many ${shown(tooMany)}`)
}

/** What is in `numbers` more often than in `others`. */
function surplus(numbers: readonly number[], others: readonly number[]): readonly number[] {
  const left = new Map<number, number>()
  for (const n of others) left.set(n, (left.get(n) ?? 0) + 1)
  return numbers.filter((n) => {
    const count = left.get(n) ?? 0
    left.set(n, count - 1)
    return count <= 0
  })
}

function numbersTo(count: number): readonly number[] {
  return Array.from({ length: count }, (_, n) => n)
}
