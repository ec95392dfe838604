import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { defineJob, type Job } from 'tidemark'
import { collectInto, collection } from 'tidemark/collection'
import { fileSink, jsonLines } from 'tidemark/file'
import { noRestart, type RunOptions, run } from 'tidemark/run'
import { describe, expect, it, onTestFinished } from 'vitest'
import { checksum } from '../../../runtime/storage/checksum.js'
import { ScriptedSource } from '../../job/scripted-source.js'
import { startLocalS3 } from '../../servers/s3/index.js'
import { folder, READINGS, type Reading, rooms, running, savepointOf } from '../fixture/savepoint-job.js'

const stateless = defineJob('rooms', (job) => {
  job.from('readings', collection<Reading>([])).to('out', collectInto<Reading>([]))
})

/** What starting from the savepoint ends with. */
async function failureOf(job: Job<unknown>, savepoint: string, options: RunOptions = {}): Promise<unknown> {
  const { handle } = await running(job, READINGS, { from: savepoint, ...options })
  return handle.result.then(
    () => undefined,
    (error: unknown) => error,
  )
}

/** A file of the savepoint below `state/`, as the manifest names it. */
async function anObject(savepoint: string): Promise<string> {
  const names = await readdir(join(savepoint, 'state', 'step'))
  return `state/step/${names.sort()[0]}`
}

describe('a start from a savepoint is refused', () => {
  it('when the job has no operator for its state: both lists of ids are named', async () => {
    expect(await failureOf(stateless, await savepointOf())).toMatchObject({
      code: 'STATE_WITHOUT_OPERATOR',
      message: expect.stringMatching(
        /state of (?=.*'step')(?=.*'windows').*, which the job has not; the job has 'readings', 'out'/,
      ),
    })
  })

  it('with another max parallelism: both are named', async () => {
    const error = await failureOf(rooms(), await savepointOf(rooms(), { maxParallelism: 16 }), { maxParallelism: 32 })
    expect(error).toMatchObject({
      code: 'MAX_PARALLELISM_CHANGED',
      message: expect.stringMatching(/maxParallelism 16.*now it is 32/),
    })
  })

  it('of another job: both are named', async () => {
    expect(await failureOf(rooms('flats'), await savepointOf())).toMatchObject({
      code: 'CHECKPOINTS_OF_OTHER_JOB',
      message: expect.stringMatching(/job 'rooms', not of 'flats'/),
    })
  })

  it('of a newer format: its version, ours and the release that wrote it are named', async () => {
    const savepoint = await savepointOf()
    const path = join(savepoint, 'savepoint.json')
    const { body } = JSON.parse(await readFile(path, 'utf8')) as { body: string }
    const newer = body.replace('"version": 0', '"version": 7').replace(/"tidemark": "[^"]*"/, '"tidemark": "9.9.9"')
    await writeFile(path, JSON.stringify({ body: newer, crc32: checksum(Buffer.from(newer)) }))
    expect(await failureOf(rooms(), savepoint)).toMatchObject({
      code: 'CHECKPOINT_NEWER',
      message: expect.stringMatching(/version 7 of the format, this release reads version 0: use Tidemark 9\.9\.9/),
    })
  })

  it('that was drained, unless asked for', async () => {
    const { handle } = await running(rooms())
    const savepoint = join(await folder(), 'drained')
    await handle.stop({ drain: 'now', savepoint })
    expect(await failureOf(rooms(), savepoint)).toMatchObject({
      code: 'SAVEPOINT_DRAINED',
      message: expect.stringMatching(/drained.*resumeDrained/),
    })
    const again = await running(rooms(), READINGS, { from: savepoint, checkpoints: { resumeDrained: true } })
    expect(again.handle.status).toBe('running')
  })

  it('at a place that is none', async () => {
    expect(await failureOf(rooms(), await folder())).toMatchObject({
      code: 'SAVEPOINT_MISSING',
      message: expect.stringContaining('no savepoint.json'),
    })
  })

  it('with a damaged object: the object is named, and what was found', async () => {
    const savepoint = await savepointOf()
    const name = await anObject(savepoint)
    const data = await readFile(join(savepoint, name))
    data[data.length - 1] = (data.at(-1) as number) ^ 1
    await writeFile(join(savepoint, name), data)
    expect(await failureOf(rooms(), savepoint)).toMatchObject({
      code: 'CHECKPOINT_CORRUPT',
      message: expect.stringMatching(new RegExp(`${name}.*its CRC-32 is \\d+, not \\d+`)),
    })
  })

  it('with an object of another form, its checksum right: object, key group and offset are named', async () => {
    const savepoint = await savepointOf()
    const name = await anObject(savepoint)
    const data = await readFile(join(savepoint, name))
    // Behind the magic and the header of the first frame: the name of its component becomes an unknown token.
    data[12] = 0xc1
    await writeFile(join(savepoint, name), data)
    const path = join(savepoint, 'savepoint.json')
    const { body } = JSON.parse(await readFile(path, 'utf8')) as { body: string }
    const known = new RegExp(`("name": "${name}",\\s+"length": \\d+,\\s+"crc32": )\\d+`)
    const sealed = body.replace(known, `$1${checksum(data)}`)
    expect(sealed).not.toBe(body)
    await writeFile(path, JSON.stringify({ body: sealed, crc32: checksum(Buffer.from(sealed)) }))
    expect(await failureOf(rooms(), savepoint)).toMatchObject({
      code: 'CHECKPOINT_CORRUPT',
      operatorId: 'step',
      message: expect.stringMatching(new RegExp(`key group \\d+.*offset \\d+.*object ${name}`)),
    })
  })

  it('with an object that is gone: it is named', async () => {
    const savepoint = await savepointOf()
    const name = await anObject(savepoint)
    await rm(join(savepoint, name))
    expect(await failureOf(rooms(), savepoint)).toMatchObject({
      code: 'CHECKPOINT_OBJECT_MISSING',
      message: expect.stringContaining(name),
    })
  })
})

it('an object that may not be read is not one that is missing', async () => {
  const server = await startLocalS3({ buckets: ['state'] })
  onTestFinished(() => server.close())
  const s3 = { endpoint: server.endpoint, clientConfig: { credentials: server.credentials, region: 'us-east-1' } }
  const { handle } = await running(rooms(), READINGS, { checkpoints: { to: 's3://state/job', s3 } })
  await handle.savepoint({ to: 's3://state/savepoint' })
  await handle.cancel()
  const from = 's3://state/savepoint'
  const key = server.keys('state', 'savepoint/state/step/').at(-1) as string
  const options = { checkpoints: { s3 }, restart: noRestart() }

  const allow = server.faults.add({ operation: 'GetObject', key, fault: { kind: 'accessDenied' } })
  const forbidden = await failureOf(rooms(), from, options)
  expect(forbidden).toMatchObject({ code: 'STORAGE_FORBIDDEN', message: expect.stringContaining('s3:GetObject') })
  allow()
  const hide = server.faults.add({
    operation: 'GetObject',
    key,
    fault: { kind: 'error', status: 404, code: 'NoSuchKey' },
  })
  const missing = await failureOf(rooms(), from, options)
  expect(missing).toMatchObject({
    code: 'CHECKPOINT_OBJECT_MISSING',
    message: expect.stringContaining(key.slice('savepoint/'.length)),
  })
  hide()
  const { handle: again } = await running(rooms(), READINGS, { from, ...options })
  expect(again.status).toBe('running')
})

describe('output that was committed after a savepoint', () => {
  /** A job that took a savepoint, went on, and committed more; and the folder of its output. */
  async function behind() {
    const path = join(await folder(), 'out')
    const job = rooms('rooms', fileSink<unknown>({ path, format: jsonLines() }))
    const before = await running(job)
    const { location } = await before.handle.savepoint({ to: join(await folder(), 'savepoint') })
    return { job, path, before, location }
  }

  it('refuses the savepoint, naming the output, unless it is asked for', async () => {
    const { job, path, before, location } = await behind()
    before.source.push([{ room: 'attic', at: 20, value: 30 }], 0)
    await before.settle()
    await before.handle.checkpoint()
    await before.handle.cancel()
    const shown = (await readdir(path)).filter((name) => name.startsWith('part-'))

    const refused = await failureOf(job, location)
    expect(refused).toMatchObject({ code: 'SAVEPOINT_BEHIND_OUTPUT', operatorId: 'out' })
    expect(refused).toMatchObject({ message: expect.stringContaining(location) })
    expect(refused).toMatchObject({ message: expect.stringMatching(new RegExp(shown.join('|'))) })

    const { handle } = await running(job, READINGS, { from: { savepoint: location, allowRewind: true } })
    expect(handle.status).toBe('running')
  })

  it('does not when nothing was committed since: what the savepoint covers is not after it', async () => {
    const { job, path, before, location } = await behind()
    await before.handle.cancel()
    const first = await running(job, READINGS, { from: location })
    await first.handle.checkpoint()
    await first.handle.cancel()
    expect((await readdir(path)).some((name) => name.startsWith('part-'))).toBe(true)
    // That was another job's, as far as names tell.
    const { handle } = await running(job, READINGS, { from: location })
    expect(handle.status).toBe('running')
  })

  it('does not when only what the savepoint covers was committed since', async () => {
    const { job, path, before, location } = await behind()
    await before.handle.checkpoint()
    await before.handle.cancel()
    expect((await readdir(path)).some((name) => name.startsWith('part-'))).toBe(true)
    const { handle } = await running(job, READINGS, { from: location })
    expect(handle.status).toBe('running')
  })

  it('does not for a savepoint that a stop took', async () => {
    const { job, before } = await behind()
    const savepoint = join(await folder(), 'last')
    await before.handle.stop({ savepoint })
    const { handle } = await running(job, READINGS, { from: savepoint })
    expect(handle.status).toBe('running')
  })
})

it('a refused start leaves the storage as it was: the next one may begin there', async () => {
  const to = join(await folder(), 'checkpoints')
  const savepoint = await savepointOf()
  expect(await failureOf(rooms('flats'), savepoint, { checkpoints: { to } })).toBeDefined()
  expect(await failureOf(stateless, savepoint, { checkpoints: { to } })).toBeDefined()
  const handle = await run(rooms('flats'), {
    sources: { readings: new ScriptedSource([READINGS]) },
    checkpoints: { to },
  })
  await handle.stop()
})
