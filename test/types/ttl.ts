/*
 * How the types of a time to live hold together. The compiler is the test: `npm run check` type-checks this file.
 */
import {
  aggregatingState,
  count,
  hours,
  listOperatorState,
  listState,
  mapState,
  reducingState,
  type Ttl,
  valueState,
} from '../../core/index.js'

const ttl: Ttl = { after: hours(1), update: 'onReadAndWrite', expired: 'untilCleaned' }

valueState<string>({ ttl })
valueState({ initial: () => 0, ttl: { after: hours(1) } }) satisfies { readonly initial?: () => number }
valueState<number>({ version: 2, migrate: { 1: (old: string) => Number(old) }, ttl })
listState<string>({ ttl })
mapState<string, number>({ ttl, version: 2, migrateKeys: { 1: (old: number) => String(old) } })
reducingState((left: number, right: number) => left + right, { ttl })
aggregatingState(count(), { ttl })

// @ts-expect-error a time to live says how long
valueState<string>({ ttl: {} })
// @ts-expect-error a duration, not a number
valueState<string>({ ttl: { after: 3600 } })
// @ts-expect-error access is a write, or a write and a read
listState<string>({ ttl: { after: hours(1), update: 'onRead' } })
// @ts-expect-error expired values are seen never, or until they are cleaned
mapState<string, number>({ ttl: { after: hours(1), expired: 'always' } })
// @ts-expect-error there is no such option
reducingState((left: number, right: number) => left + right, { ttl: { after: hours(1), cleanup: 'full' } })
// @ts-expect-error operator state has no time to live
listOperatorState<string>({ ttl })
