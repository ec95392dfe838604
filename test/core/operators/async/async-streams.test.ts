import fc from 'fast-check'
import { expect, test } from 'vitest'
import { runs } from '../../../setup/runs.js'
import { LoneAsync, type LoneOptions, Service } from './lone-async.js'

/** What happens to a step: `answer` and `fail` pick one of the calls that are outstanding. */
type Happening =
  | { readonly kind: 'records'; readonly count: number }
  | { readonly kind: 'watermark' | 'restart' | 'time' }
  | { readonly kind: 'answer' | 'fail'; readonly pick: number }

const happening: fc.Arbitrary<Happening> = fc.oneof(
  fc.record({ kind: fc.constant('records' as const), count: fc.integer({ min: 1, max: 4 }) }),
  fc.constantFrom({ kind: 'watermark' as const }, { kind: 'restart' as const }, { kind: 'time' as const }),
  fc.record({ kind: fc.constantFrom('answer' as const, 'answer' as const, 'fail' as const), pick: fc.nat(100) }),
)

/** Rows cut at watermarks; of watermarks without a row between them the last one counts. */
function sections(rows: readonly (number | string)[], isOrdered: boolean): string[] {
  const cut: { rows: number[]; closedBy: string }[] = [{ rows: [], closedBy: '' }]
  for (const row of rows) {
    const last = cut[cut.length - 1]!
    if (typeof row === 'string') last.closedBy = row
    else if (last.closedBy === '') last.rows.push(row)
    else cut.push({ rows: [row], closedBy: '' })
  }
  return cut.map(({ rows, closedBy }) => `${isOrdered ? rows : rows.sort((a, b) => a - b)} ${closedBy}`)
}

function results(rows: readonly (number | string)[]): number {
  return rows.filter((row) => typeof row === 'number').length
}

async function check(happenings: readonly Happening[], ordered: boolean, capacity: number): Promise<void> {
  const settings = { ordered, capacity, retry: { attempts: 1000, delay: { ms: 5 }, backoff: 1 }, timeout: { ms: 1e9 } }
  const sent: (number | string)[] = []
  const out: (number | string)[] = []
  let next = 1
  let service = new Service()
  let step = await LoneAsync.open(service.fn, settings)

  const collect = (): void => {
    out.push(...step.out.splice(0).filter((row) => row !== 'barrier'))
    expect(service.calls.length).toBeLessThanOrEqual(capacity)
  }
  const restart = async (): Promise<void> => {
    step.barrier()
    await step.settle()
    // Without any answer: no checkpoint waits for the service.
    expect(step.isTaken).toBe(true)
    collect()
    const { states, watermark } = step.snapshot!
    await step.close()
    const late = service
    service = new Service()
    const options: LoneOptions = { environment: step.environment, restored: states, watermark }
    step = await LoneAsync.open(service.fn, settings, options)
    // Answers to the run before come late, and count for nothing.
    for (const call of late.calls.splice(0)) call.resolve(-1)
  }

  for (const one of happenings) {
    if (one.kind === 'records') {
      const values = Array.from({ length: one.count }, () => next++)
      sent.push(...values.map((value) => value * 10))
      step.send(...values)
    } else if (one.kind === 'watermark') {
      sent.push(`W${next}`)
      step.watermark(next)
    } else if (one.kind === 'restart') {
      await restart()
    } else if (one.kind === 'time') {
      await step.advance(5)
    } else if ('pick' in one && service.calls.length > 0) {
      const call = service.take(service.calls[one.pick % service.calls.length]!.value)
      if (one.kind === 'answer') call.resolve(call.value * 10)
      else call.reject(new Error('503'))
    }
    await step.settle()
    collect()
  }
  for (let rounds = 0; rounds < 1000 && (!step.isTaken || results(out) < results(sent)); rounds++) {
    for (const call of service.calls.splice(0)) call.resolve(call.value * 10)
    // Retries that are due later.
    await step.advance(5)
    collect()
  }
  expect(sections(out, ordered)).toEqual(sections(sent, ordered))
  await step.close()
}

test.each([true, false])(
  'whatever fails, whenever it restarts: each record has one result, at its side of each watermark (ordered: %s)',
  async (ordered) => {
    await fc.assert(
      fc.asyncProperty(fc.array(happening, { maxLength: 40 }), fc.integer({ min: 1, max: 5 }), (happenings, capacity) =>
        check(happenings, ordered, capacity),
      ),
      runs(300),
    )
  },
)
