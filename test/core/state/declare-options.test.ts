import { expect, test } from 'vitest'
import { aggregatingState, count, hours, listState, mapState, reducingState, valueState } from '../../../core/index.js'
import { errorOf } from '../stream/job-parts.js'

/** As a JavaScript caller has them, or one who has spread them in. */
type Made = (options: object) => unknown

const DECLARATIONS: readonly (readonly [string, Made])[] = [
  ['valueState', (options) => valueState(options)],
  ['listState', (options) => listState(options)],
  ['mapState', (options) => mapState(options)],
  ['reducingState', (options) => reducingState(Math.max, options)],
  ['aggregatingState', (options) => aggregatingState(count(), options)],
]

const ALL = { ttl: { after: hours(1) }, version: 2, migrate: { 1: (old: number) => old } }
const OF_ONE_KIND: Readonly<Record<string, object>> = {
  valueState: { initial: () => 0 },
  mapState: { migrateKeys: { 1: (old: string) => old } },
}

test.each(DECLARATIONS)(
  '%s refuses an option that it does not have: its state would be kept for ever',
  (where, make) => {
    expect(() => make({ ...ALL, ...OF_ONE_KIND[where] })).not.toThrow()
    expect(errorOf(() => make({ tll: { after: hours(1) } }))).toMatchObject({
      code: 'OPTION_INVALID',
      message: expect.stringMatching(new RegExp(`^${where}: there is no option 'tll'.*'ttl'`)),
    })
  },
)

test.each(DECLARATIONS)('%s refuses what another kind has', (where, make) => {
  for (const [kind, options] of Object.entries(OF_ONE_KIND)) {
    if (kind !== where)
      expect(errorOf(() => make({ version: 2, ...options }))).toMatchObject({ code: 'OPTION_INVALID' })
  }
})

test.each(DECLARATIONS)('%s refuses what is no object of options', (where, make) => {
  expect(errorOf(() => make(null as unknown as object))).toMatchObject({
    code: 'OPTION_INVALID',
    message: `${where}: expected an object of options, found null`,
  })
})
