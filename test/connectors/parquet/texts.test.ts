import fc from 'fast-check'
import { ByteWriter, ParquetWriter } from 'hyparquet-writer'
import { expect, test } from 'vitest'
import { freeTexts, textsAsBytes } from '../../../connectors/parquet/texts.js'
import { runs } from '../../setup/runs.js'

const PAGE_BYTES = 1024

/** A file of one column, in which no dictionary is looked for. */
function written(groups: readonly unknown[][]) {
  const bytes = new ByteWriter()
  const element = { name: 'v', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' } as const
  const writer = new ParquetWriter({ writer: bytes, schema: [{ name: 'root', num_children: 1 }, element] })
  for (const values of groups) {
    const column = { name: 'v', data: values, encoding: 'PLAIN', columnIndex: true } as const
    writer.write({ columnData: [column], rowGroupSize: values.length, pageSize: PAGE_BYTES })
    freeTexts(writer.row_groups.at(-1)!)
  }
  writer.finish()
  return { file: Buffer.from(bytes.getBytes()), groups: writer.row_groups }
}

const words = fc
  .array(fc.constantFrom('a', 'zz', 'é', '\u{ff5e}', '\u{1f600}', '\u007f', 'x'.repeat(30)), { maxLength: 9 })
  .map((parts) => parts.join(''))

test('texts as bytes make the file that the texts themselves make (property)', () => {
  const group = fc.array(fc.option(words, { freq: 6 }), { minLength: 1, maxLength: 12 })
  fc.assert(
    fc.property(fc.array(group, { minLength: 1, maxLength: 3 }), (groups) => {
      const packed = groups.map((values) => textsAsBytes(values, PAGE_BYTES) ?? values)
      expect(written(packed).file.equals(written(groups).file)).toBe(true)
    }),
    runs(200),
  )
})

test('texts of several pages stay texts, counted in bytes', () => {
  expect(textsAsBytes(['é'.repeat(511), 'x'], PAGE_BYTES)).toHaveLength(2)
  expect(textsAsBytes(['é'.repeat(511), 'é'], PAGE_BYTES)).toBeUndefined()
  expect(textsAsBytes(['x'.repeat(5000)], PAGE_BYTES)).toBeUndefined()
})

test('of a group that is written, no more is held than the least and the greatest text', () => {
  const texts = Array.from({ length: 50 }, (_, n) => `text ${n + 10}`)
  const { groups } = written([textsAsBytes(texts, PAGE_BYTES)!])
  const { min_value, max_value } = groups[0]!.columns[0]!.meta_data!.statistics!
  const held = [min_value, max_value].map((value) => (value as Uint8Array).buffer.byteLength)
  expect(held).toEqual([7, 7])
})
