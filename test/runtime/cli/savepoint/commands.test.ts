import { access, cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parquetReadObjects } from 'hyparquet'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { startLocalS3 } from '../../../servers/s3/index.js'
import { folder, rooms, running, savepointOf } from '../../fixture/savepoint-job.js'
import { tidemark } from './command.js'

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )

/** An object of the keyed state of `step`. */
async function anObject(savepoint: string): Promise<string> {
  const names = await readdir(join(savepoint, 'state', 'step'))
  return join(savepoint, 'state', 'step', names.filter((name) => name.includes('-')).sort()[0] as string)
}

async function damage(savepoint: string): Promise<string> {
  const path = await anObject(savepoint)
  const data = await readFile(path)
  data[data.length - 1] = (data.at(-1) as number) ^ 1
  await writeFile(path, data)
  return path.slice(savepoint.length + 1)
}

const lines = (text: string): unknown[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))

describe('tidemark savepoint list', () => {
  it('finds savepoints below a folder, and the completed checkpoints of a job', async () => {
    const to = join(await folder(), 'state')
    const { handle } = await running(rooms(), undefined, { checkpoints: { to } })
    await handle.savepoint()
    await handle.checkpoint()
    await handle.cancel()
    const { code, out } = await tidemark('savepoint', 'list', to)
    expect(code).toBe(0)
    expect(out).toMatch(/savepoint +rooms +1 +2030-01-01T\S+ +open .*savepoints\/0000000001-/)
    expect(out).toMatch(/checkpoint +rooms +3 +2030-01-01T\S+ +open .*checkpoints\/0000000003-0000000001/)
  })

  it('says of one that cannot be read why, and goes on', async () => {
    const place = await folder()
    await cp(await savepointOf(), join(place, 'good'), { recursive: true })
    await mkdir(join(place, 'bad'))
    await writeFile(join(place, 'bad', 'savepoint.json'), '{')
    const { out } = await tidemark('savepoint', 'list', place, '--json')
    expect(JSON.parse(out)).toMatchObject([
      { location: join(place, 'bad'), error: expect.stringContaining('cannot be trusted') },
      { location: join(place, 'good'), job: 'rooms', id: 1 },
    ])
  })

  it('of a folder that is not there makes none', async () => {
    const place = join(await folder(), 'nowhere')
    expect(await tidemark('savepoint', 'list', place)).toMatchObject({ code: 1, error: expect.stringContaining(place) })
    expect(await exists(place)).toBe(false)
  })
})

describe('tidemark savepoint show', () => {
  it('says whose it is, and what each operator has', async () => {
    const { out, code } = await tidemark('savepoint', 'show', await savepointOf(), '--entries')
    expect(code).toBe(0)
    expect(out).toMatch(/job +rooms\n/)
    expect(out).toMatch(/max parallelism +128/)
    expect(out).toMatch(/readings +source +2 .*1 split\n/)
    expect(out).toMatch(/out +sink +2 /)
    expect(out).toMatch(/step +seen +map +3 +map-by-key, version 1/)
    expect(out).toMatch(/step +timers +timer +2 /)
    expect(out).toMatch(/windows +windows +window +3 +by-window tumbling/)
    expect(out).toMatch(/readings +\{.*"next":3/)
  })

  it('says the same as JSON', async () => {
    const { out } = await tidemark('savepoint', 'show', await savepointOf(), '--json')
    expect(JSON.parse(out)).toMatchObject({
      job: 'rooms',
      input: 'open',
      operators: expect.arrayContaining([expect.objectContaining({ id: 'step', kind: 'operator', parallelism: 2 })]),
    })
  })
})

describe('tidemark savepoint verify', () => {
  it('reads and decodes all of it', async () => {
    const { code, out } = await tidemark('savepoint', 'verify', await savepointOf())
    expect([code, out]).toEqual([0, expect.stringMatching(/is whole: \d+ objects, .*, 12 entries of keyed state/)])
  })

  it('names each object that is damaged or gone, and what does not belong there', async () => {
    const savepoint = await savepointOf()
    const damaged = await damage(savepoint)
    // Of the same operator.
    const names = (await readdir(join(savepoint, 'state', 'step'))).map((name) => join('state', 'step', name))
    const gone = names.find((name) => name !== damaged) as string
    await rm(join(savepoint, gone))
    await writeFile(join(savepoint, 'notes.txt'), 'mine')
    const { code, out } = await tidemark('savepoint', 'verify', savepoint)
    expect(code).toBe(1)
    expect(out).toMatch(new RegExp(`${damaged}.*CRC-32`))
    expect(out).toMatch(new RegExp(`${gone} is missing`))
    expect(out).toContain('not of the savepoint: notes.txt')
  })
})

describe('tidemark savepoint copy', () => {
  it('goes to S3 and back, and the copy restores', async () => {
    const server = await startLocalS3({ buckets: ['state'] })
    onTestFinished(() => server.close())
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'local')
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'local-secret')
    vi.stubEnv('AWS_REGION', 'us-east-1')
    onTestFinished(() => {
      vi.unstubAllEnvs()
    })
    const s3 = ['--s3-endpoint', server.endpoint]
    const savepoint = await savepointOf()
    expect(await tidemark('savepoint', 'copy', savepoint, 's3://state/moved', ...s3)).toMatchObject({ code: 0 })
    expect(await tidemark('savepoint', 'verify', 's3://state/moved', ...s3)).toMatchObject({ code: 0 })
    expect((await tidemark('savepoint', 'list', 's3://state', ...s3)).out).toContain('s3://state/moved')
    const back = join(await folder(), 'back')
    expect(await tidemark('savepoint', 'copy', 's3://state/moved', back, ...s3)).toMatchObject({ code: 0 })
    const { handle } = await running(rooms(), undefined, { from: back, parallelism: 3 })
    expect(handle.status).toBe('running')
    expect(await tidemark('savepoint', 'delete', 's3://state/moved', '--yes', ...s3)).toMatchObject({ code: 0 })
    expect(server.keys('state', '')).toEqual([])
  })

  it('refuses a place that is not empty, and what is no savepoint', async () => {
    const place = await folder()
    await writeFile(join(place, 'mine'), '')
    expect(await tidemark('savepoint', 'copy', await savepointOf(), place)).toMatchObject({
      code: 1,
      error: expect.stringMatching(/is not empty \(mine\)/),
    })
    const empty = await folder()
    const target = join(empty, 'target')
    expect(await tidemark('savepoint', 'copy', empty, target)).toMatchObject({
      code: 1,
      error: expect.stringContaining('is no savepoint'),
    })
    expect(await exists(target)).toBe(false)
  })

  it('leaves nothing where the savepoint is damaged', async () => {
    const savepoint = await savepointOf()
    const name = await damage(savepoint)
    const target = join(await folder(), 'target')
    expect(await tidemark('savepoint', 'copy', savepoint, target)).toMatchObject({
      code: 1,
      error: expect.stringContaining(name),
    })
    expect((await readdir(target)).filter((left) => left !== '.staging')).toEqual([])
  })
})

describe('tidemark savepoint delete', () => {
  it('deletes the savepoint, and leaves what is not of it', async () => {
    const savepoint = await savepointOf()
    await writeFile(join(savepoint, 'notes.txt'), 'mine')
    expect(await tidemark('savepoint', 'delete', savepoint, '--yes')).toMatchObject({
      code: 0,
      out: expect.stringContaining("deleted savepoint 1 of job 'rooms'"),
    })
    expect((await readdir(savepoint)).filter((left) => left !== '.staging')).toEqual(['notes.txt'])
  })

  it('does nothing unasked where nobody can be asked, nor to what is no savepoint', async () => {
    const savepoint = await savepointOf()
    expect(await tidemark('savepoint', 'delete', savepoint)).toMatchObject({
      code: 1,
      error: expect.stringContaining('--yes'),
    })
    expect(await exists(join(savepoint, 'savepoint.json'))).toBe(true)
    const other = await folder()
    await writeFile(join(other, 'mine'), '')
    expect(await tidemark('savepoint', 'delete', other, '--yes')).toMatchObject({ code: 1 })
    expect(await exists(join(other, 'mine'))).toBe(true)
  })
})

describe('tidemark savepoint export', () => {
  it('writes the keyed state of an operator, a line an entry', async () => {
    const savepoint = await savepointOf()
    const last = await tidemark('savepoint', 'export', savepoint, '--operator', 'step', '--state', 'last')
    expect(lines(last.out)).toEqual(
      expect.arrayContaining([
        {
          operator: 'step',
          state: 'last',
          kind: 'value',
          key: 'kitchen',
          value: { room: 'kitchen', at: 13, value: 21 },
          keyGroup: expect.any(Number),
        },
      ]),
    )
    const seen = await tidemark('savepoint', 'export', savepoint, '--operator', 'step', '--state', 'seen')
    expect(lines(seen.out)).toContainEqual(
      expect.objectContaining({ key: 'cellar', mapKey: 9, value: { at: { $date: '1970-01-01T00:00:00.002Z' } } }),
    )
    const all = lines((await tidemark('savepoint', 'export', savepoint, '--operator', 'step')).out)
    expect(all).toHaveLength(9)
    expect(all).toContainEqual(
      expect.objectContaining({
        state: 'timers',
        timer: expect.objectContaining({ domain: 'event', timestamp: 5000 }),
      }),
    )
    const windows = await tidemark('savepoint', 'export', savepoint, '--operator', 'windows')
    expect(lines(windows.out)).toContainEqual(expect.objectContaining({ key: 'kitchen', window: { start: 10 } }))
  })

  it('writes Parquet, and never over a file', async () => {
    const savepoint = await savepointOf()
    const out = join(await folder(), 'step.parquet')
    const args = ['savepoint', 'export', savepoint, '--operator', 'step', '--format', 'parquet', '--out', out]
    expect(await tidemark(...args)).toMatchObject({ code: 0 })
    const data = await readFile(out)
    const file = data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength)
    const rows = await parquetReadObjects({ file })
    expect(rows).toHaveLength(9)
    expect(rows).toContainEqual(
      expect.objectContaining({ state: 'seen', key: '"cellar"', map_key: '9', window_start: null }),
    )
    expect(await tidemark(...args)).toMatchObject({ code: 1, error: expect.stringContaining('step.parquet') })
  })

  it('refuses an operator or a state that is not there, naming those that are', async () => {
    const savepoint = await savepointOf()
    expect(await tidemark('savepoint', 'export', savepoint, '--operator', 'stop')).toMatchObject({
      code: 1,
      error: expect.stringContaining('step'),
    })
    expect(await tidemark('savepoint', 'export', savepoint, '--operator', 'step', '--state', 'lost')).toMatchObject({
      code: 1,
      error: expect.stringContaining('last'),
    })
  })
})
