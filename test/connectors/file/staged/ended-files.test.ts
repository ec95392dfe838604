import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test, vi } from 'vitest'
import { fileSink } from '../../../../connectors/file/index.js'
import { LineEncoder } from '../../../../connectors/file/line-encoder.js'
import { openWriter, temporaryFolder, writeAll } from '../support.js'

setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')

test('a file that has ended does not keep its encoder until the next checkpoint', async () => {
  const encoders: WeakRef<object>[] = []
  const encoder = (): LineEncoder<string> => {
    const made = new LineEncoder<string>((row) => row)
    encoders.push(new WeakRef(made))
    return made
  }
  const format = { name: 'lines', extension: '.txt', load: async () => encoder }
  const open = await openWriter(fileSink({ path: await temporaryFolder(), format, maxRows: 1 }))
  const rows = Array.from({ length: 50 }, (_, row) => String(row))
  await writeAll(open, rows)
  expect(encoders).toHaveLength(50)
  await vi.waitFor(() => {
    collectGarbage()
    expect(encoders.filter((one) => one.deref() !== undefined).length).toBeLessThan(3)
  })
  expect(await open.writer.prepareCommit(1)).toHaveLength(50)
})
