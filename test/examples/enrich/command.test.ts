import { expect, it } from 'vitest'
import { someOrders } from '../../../examples/enrich/orders.js'
import { bundled } from '../../setup/bundled.js'
import { Process } from '../taxi/end-to-end/process.js'
import { expectedTurnover } from './expected.js'

const ENRICH = await bundled('examples/enrich/main.ts')

it('npm run enrich prints the turnover by hour and country, and ends with its service', async () => {
  const { out, ...ended } = await new Process(ENRICH, ['--orders', '60']).ended
  expect(ended).toEqual({ code: 0, signal: null, error: '' })
  const [, ...lines] = out.trimEnd().split('\n')
  const rows = expectedTurnover(someOrders(60)).map(({ end, country, amount }) => {
    const hour = new Date(end - 3_600_000).toISOString().slice(0, 16)
    return [hour, country, String(amount)]
  })
  expect(lines.slice(0, -1).map((line) => line.split(/ +/))).toEqual(rows)
  expect(lines.at(-1)).toMatch(/^60 orders, \d+ requests$/)
})

it('npm run enrich says in one line what is wrong with its options', async () => {
  const { code, out, error } = await new Process(ENRICH, ['--orders', '0']).ended
  expect({ code, out }).toEqual({ code: 1, out: '' })
  expect(error).toContain('Expected a whole number from 1.')
})
