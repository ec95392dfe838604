import { twoPhaseSinkConformance } from 'tidemark/testing'
import { describe, expect, onTestFinished, test } from 'vitest'
import { stagedTable } from '../../../examples/connectors/staged-table.js'
import { startTableService } from '../../../examples/connectors/table-service.js'
import { openWriter, writeAll } from '../../connectors/file/support.js'
import { IS_WHOLE } from '../../setup/runs.js'

interface Row {
  readonly n: number
}

/** Now and then a call is not done, or done and not answered. */
function faulty() {
  let calls = 0
  return () => (['busy', undefined, 'replyLost', undefined, undefined] as const)[calls++ % 5]
}

// A service that fails asks for more than one that does not.
describe.each(IS_WHOLE ? [{ isFaulty: false }, { isFaulty: true }] : [{ isFaulty: true }])(
  'stagedTable keeps the contract, %o',
  ({ isFaulty }) => {
    const checks = twoPhaseSinkConformance({
      start: async () => {
        const service = await startTableService()
        if (isFaulty) service.fault = faulty()
        return {
          service,
          sink: () => stagedTable<Row>({ url: service.url, partRows: 10 }),
          row: (n: number) => ({ n }),
          visible: () => (service.rows() as Row[]).map(({ n }) => n),
          close: () => service.close(),
        }
      },
      unfinished: ({ service }) => service.staged(),
      outage: ({ service }) => {
        const before = service.fault
        service.fault = () => 'busy'
        return () => {
          service.fault = before
        }
      },
    })
    for (const { name, run } of checks) test.concurrent(name, run)
  },
)

test('a writer whose call is refused wakes, and says so without another row', async () => {
  const service = await startTableService()
  onTestFinished(() => service.close())
  service.fault = () => 'refused'
  const open = await openWriter(stagedTable<Row>({ url: service.url, partRows: 1 }))
  await writeAll(open, [{ n: 1 }])
  open.writer.check?.()
  await open.bell.wait()
  expect(() => open.writer.check?.()).toThrow(expect.objectContaining({ code: 'HTTP_REFUSED' }))
})
