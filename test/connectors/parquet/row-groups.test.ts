import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { asyncBufferFromFile, parquetMetadata, parquetReadObjects } from 'hyparquet'
import { expect, test } from 'vitest'
import { parquetSink } from '../../../connectors/parquet/index.js'
import { committerOf, openWriter, temporaryFolder, visible, writeAll } from '../file/support.js'

const GROUP = 100

async function written(rows: readonly object[]) {
  const path = await temporaryFolder()
  const schema = { text: 'string', flag: 'boolean', tags: { type: 'list', of: 'string' } } as const
  const sink = parquetSink({ path, schema, rowGroupSize: GROUP })
  const open = await openWriter(sink)
  await writeAll(open, rows as never)
  await (await committerOf(sink)).commit(await open.writer.prepareCommit(1))
  await open.writer.close()
  const [name = ''] = await visible(path)
  const bytes = new Uint8Array(await readFile(join(path, name))).buffer
  const found = await parquetReadObjects({ file: await asyncBufferFromFile(join(path, name)) })
  const encodings = (column: string) =>
    parquetMetadata(bytes).row_groups.map(({ columns }) => {
      const chunk = columns.find(({ meta_data }) => meta_data?.path_in_schema[0] === column)
      return chunk?.meta_data?.encodings.at(-1)
    })
  return { found, encodings }
}

function group(textOf: (row: number) => string): object[] {
  return Array.from({ length: GROUP }, (_, row) => ({ text: textOf(row), flag: row % 3 === 0, tags: [textOf(row)] }))
}

const alike = () => 'one of them'
let count = 0
const unlike = () => `only once: ${count++}`

test('a column that a dictionary gained nothing for does without for four row groups, and is looked at again then', async () => {
  const rows = [unlike, alike, alike, alike, alike, alike, unlike, alike].flatMap(group)
  const { found, encodings } = await written(rows)
  expect(found).toEqual(rows)
  const dictionary = 'RLE_DICTIONARY'
  expect(encodings('text')).toEqual(['PLAIN', 'PLAIN', 'PLAIN', 'PLAIN', 'PLAIN', dictionary, 'PLAIN', 'PLAIN'])
})

test('a column that has a dictionary keeps it, and what is no single value a row is looked at every time', async () => {
  const rows = [alike, alike, unlike, alike].flatMap(group)
  const { found, encodings } = await written(rows)
  expect(found).toEqual(rows)
  expect(encodings('text')).toEqual(['RLE_DICTIONARY', 'RLE_DICTIONARY', 'PLAIN', 'PLAIN'])
  expect(encodings('tags')).toEqual(['RLE_DICTIONARY', 'RLE_DICTIONARY', 'PLAIN', 'RLE_DICTIONARY'])
  expect(encodings('flag')).toEqual(['RLE', 'RLE', 'RLE', 'RLE'])
})

class Reading {
  readonly flag = true
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  get text(): string {
    return this.#text
  }

  get tags(): string[] {
    return [this.#text]
  }
}

test('columns are found by name, whatever order a row has them in, and as getters of a class', async () => {
  const rows = [
    { text: 'a', flag: true, tags: ['x'] },
    { tags: ['y'], text: 'b', flag: false },
    new Reading('c'),
    { flag: true, tags: [], text: 'd' },
  ]
  const { found } = await written(rows)
  expect(found).toEqual([
    { text: 'a', flag: true, tags: ['x'] },
    { text: 'b', flag: false, tags: ['y'] },
    { text: 'c', flag: true, tags: ['c'] },
    { text: 'd', flag: true, tags: [] },
  ])
})
