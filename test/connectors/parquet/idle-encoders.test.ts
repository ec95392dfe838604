import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import * as library from 'hyparquet-writer'
import { expect, test } from 'vitest'
import { ParquetEncoder } from '../../../connectors/parquet/encoder.js'
import { parseSchema } from '../../../connectors/parquet/fields.js'

setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')

function usedBytes(): number {
  // Memory beside the heap is given back while the program goes on: a second collection waits for that.
  collectGarbage()
  collectGarbage()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

const COLUMNS = Array.from({ length: 10 }, (_, column) => `c${column}`)
const ROWS = 4000
const ENCODERS = 50

function encoderOf(): ParquetEncoder {
  const fields = parseSchema(Object.fromEntries(COLUMNS.map((name) => [name, 'int32'])))
  const sizes = { rowGroupSize: ROWS, rowGroupBytes: 1e9, pageBytes: 1e6 }
  return new ParquetEncoder(library, { fields, ...sizes, note: '', codec: 'UNCOMPRESSED', compressors: {} })
}

function fill(encoder: ParquetEncoder, rows: number): void {
  for (let row = 0; row < rows; row++) encoder.add(Object.fromEntries(COLUMNS.map((name) => [name, row])))
}

test('an encoder that waits for rows holds about as much as it says, however large its last group was', () => {
  const encoders = Array.from({ length: ENCODERS }, encoderOf)
  const before = usedBytes()
  for (const encoder of encoders) {
    fill(encoder, ROWS)
    encoder.take()()
    fill(encoder, 10)
  }
  const groupBytes = ENCODERS * ROWS * COLUMNS.length * 4
  expect(usedBytes() - before).toBeLessThan(groupBytes / 4)
  for (const encoder of encoders) expect(encoder.pendingBytes).toBe(10 * COLUMNS.length * 4)
})
