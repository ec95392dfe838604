import { defineJob, valueState } from 'tidemark'
import { generator } from 'tidemark/collection'
import { fileSink, jsonLines } from 'tidemark/file'

export const KEYS = 17

export interface NumberedOptions {
  readonly count: number
  /** Rows a second. */
  readonly rate: number
  readonly out: string
}

/** Each row of a key gets the next number: one that is lost or doubled shows in the numbers. */
export const numbered = ({ count, rate, out }: NumberedOptions) =>
  defineJob('numbered', (job) => {
    job
      .from('rows', generator({ count, rate, splits: 3, make: (index) => index }))
      .keyBy((index) => index % KEYS)
      .process('number', {
        state: { rows: valueState<number>() },
        process(_index, ctx) {
          const row = (ctx.state.rows.value() ?? 0) + 1
          ctx.state.rows.update(row)
          return [`${ctx.key}:${row}`]
        },
      })
      .to('out', fileSink({ path: out, format: jsonLines() }))
  })

export const expectedRows = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${index % KEYS}:${Math.floor(index / KEYS) + 1}`).sort()

/** For a process of its own. */
export default numbered({
  count: Number(process.env['NUMBERED_COUNT'] ?? 0),
  rate: 15_000,
  out: process.env['NUMBERED_OUT'] ?? 'out',
})
