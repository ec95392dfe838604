import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { collect, distinct } from '../../../../core/window/aggregates/index.js'
import { addAll, describeLaws } from './laws.js'
import { refusesSetting, refusesValues } from './refusals.js'

const scalars = fc.oneof(
  fc.integer({ min: -3, max: 3 }),
  fc.constantFrom('', '1', 'a'),
  fc.bigInt({ min: -2n, max: 2n }),
  fc.boolean(),
)
const records = fc.record({ id: scalars })

describeLaws(
  'distinct',
  distinct((record: { id: string | number | bigint | boolean }) => record.id),
  {
    values: records,
    expected: (arrived) => arrived.map(({ value }) => value.id).filter((id, at, all) => all.indexOf(id) === at),
  },
)
describeLaws('collect', collect<{ id: string | number | bigint | boolean }>(), {
  values: records,
  expected: (arrived) => arrived.map(({ value }) => value),
})
describeLaws(
  'collect of a field',
  collect((record: { id: string | number | bigint | boolean }) => record.id),
  {
    values: records,
    expected: (arrived) => arrived.map(({ value }) => value.id),
  },
)

describe('distinct', () => {
  it('tells types apart, but not the zeros', () => {
    const ids = distinct((value: string | number | bigint | boolean) => value)
    const values = [1, '1', 1n, true, -0, 0].map((value) => ({ value, timestamp: 0 }))
    expect(ids.result(addAll(ids, values))).toEqual([1, '1', 1n, true, 0])
  })

  it('refuses what is no scalar', () => {
    refusesValues(distinct, [
      [undefined, 'undefined'],
      [null, 'null'],
      [Number.NaN, 'NaN'],
      [{}, 'an object'],
      [[1], 'an array'],
      [() => 1, 'a function'],
      [Promise.resolve(1), 'a promise'],
    ])
    refusesSetting(() => distinct('id' as never), 'distinct: the selector must be a function, found "id"')
  })
})

describe('collect', () => {
  it('merges more values than a call takes arguments', () => {
    const all = collect<number>()
    const many = Array.from({ length: 200_000 }, (_, value) => value)
    expect(all.result(all.merge([-1], many))).toHaveLength(200_001)
  })

  it('refuses what cannot be stored', () => {
    refusesValues(
      (selector) => collect(selector),
      [
        [Promise.resolve(1), 'a promise'],
        [() => 1, 'a function'],
      ],
    )
    refusesSetting(() => collect(1 as never), 'collect: the selector must be a function, found 1')
  })
})
