import { expect } from 'vitest'
import { resultsIn } from '../results-in.js'
import { type Answer, makeOrders, NO_ANSWER, type Order, RESULTS, WINDOW_MS } from './job.js'
import { answerTo, isRefused, isSilent } from './service.js'

/**
 * Each order has one answer or one dead letter. What the service answers for may still have timed out, where the machine
 * is slow; the windows behind it have what was answered, and nothing was late.
 */
export async function expectEachOnce(out: string, count: number): Promise<void> {
  const lines = await resultsIn(out, RESULTS)
  const answers = lines.answers.map((line) => JSON.parse(line) as Answer)
  const refused = lines.refused.map((line) => JSON.parse(line) as Order)
  const orders = makeOrders(count).flat()
  const numbers = [...answers, ...refused].map(({ n }) => n).sort((one, other) => one - other)
  expect(numbers).toEqual(orders.map(({ n }) => n).sort((one, other) => one - other))
  for (const { n, said } of answers) {
    if (said !== NO_ANSWER) expect({ n, said }).toEqual({ n, said: answerTo(n) })
    if (isSilent(n)) expect({ n, said }).toEqual({ n, said: NO_ANSWER })
  }
  expect(refused.filter(({ n }) => !isRefused(n))).toEqual([])
  expect(refused.length).toBeGreaterThan(0)
  expect(lines.late).toEqual([])
  expect(lines.counts).toEqual(countsOf(answers))
}

function countsOf(answers: readonly Answer[]): readonly string[] {
  const counts = new Map<string, { readonly key: number; readonly end: number; count: number }>()
  for (const { n, at } of answers) {
    const key = n % 4
    const end = (Math.floor(at / WINDOW_MS) + 1) * WINDOW_MS
    const row = counts.get(`${key} ${end}`) ?? { key, end, count: 0 }
    row.count++
    counts.set(`${key} ${end}`, row)
  }
  return [...counts.values()].map((row) => JSON.stringify(row)).sort()
}
