import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type ReplayIdentity, readResumeFile, writeResumeFile } from '../../../../examples/taxi/replay/resume-file.js'
import { folderOfTest } from '../end-to-end/folder.js'

const identity: ReplayIdentity = {
  stream: 'taxi',
  streamCreatedAt: 1_700_000_000_000,
  trips: ['a.csv', 'b.csv'],
  seek: undefined,
  orderingBuffer: 1000,
}
const position = { trips: 7, latest: 1_357_000_000_000, watermark: undefined, isComplete: false }

const fileOfTest = async (): Promise<string> => join(await folderOfTest(), 'replay.json')

describe('a resume file', () => {
  it('gives back the position that was written last, and nothing where there is none', async () => {
    const path = await fileOfTest()
    expect(readResumeFile(path, identity)).toBeUndefined()
    writeResumeFile(path, identity, { ...position, trips: 5 })
    writeResumeFile(path, identity, position)
    expect(readResumeFile(path, identity)).toEqual(position)
    expect(await readdir(join(path, '..'))).toEqual(['replay.json'])
  })

  it.each<[Partial<ReplayIdentity>, string]>([
    [{ stream: 'other' }, '--stream was taxi, and is other'],
    [{ trips: ['b.csv', 'a.csv'] }, '--trips was a.csv b.csv, and is b.csv a.csv'],
    [{ seek: '2013-01-01T00:00:00Z' }, '--seek was none, and is 2013-01-01T00:00:00Z'],
    [{ orderingBuffer: 5 }, '--ordering-buffer was 1000, and is 5'],
    [{ streamCreatedAt: 1_700_000_001_000 }, "the stream's creation was 2023-11-14T22:13:20.000Z, and is"],
  ])('of another replay is refused: %o', async (change, message) => {
    const path = await fileOfTest()
    writeResumeFile(path, identity, position)
    expect(() => readResumeFile(path, { ...identity, ...change })).toThrow(message)
    expect(() => readResumeFile(path, { ...identity, ...change })).toThrow(
      expect.objectContaining({ code: 'REPLAY_RESUME_MISMATCH' }),
    )
  })

  it.each(['', 'no JSON', '{}', '[1]', '{"format":2}'])('that is none is refused: %o', async (text) => {
    const path = await fileOfTest()
    await writeFile(path, text)
    expect(() => readResumeFile(path, identity)).toThrow(
      expect.objectContaining({ code: 'REPLAY_RESUME_FILE_INVALID', message: expect.stringContaining(path) }),
    )
  })

  it('that cannot be read or written is named', async () => {
    const path = await fileOfTest()
    await mkdir(path)
    const invalid = expect.objectContaining({ code: 'REPLAY_RESUME_FILE_INVALID' })
    expect(() => readResumeFile(path, identity)).toThrow(invalid)
    expect(() => writeResumeFile(path, identity, position)).toThrow(invalid)
    expect(() => writeResumeFile(join(path, 'no', 'such'), identity, position)).toThrow(invalid)
  })
})
