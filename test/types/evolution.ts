/*
 * How the types of versions and migrations hold together. The compiler is the test: `npm run check` type-checks this file.
 */
import { aggregatingState, count, listState, mapState, mean, reducingState, valueState } from '../../core/index.js'

interface TripV1 {
  readonly fare: number
}
interface TripV2 {
  readonly fare: number
  readonly tip: number
}
interface Trip {
  readonly fare: bigint
  readonly tip: bigint
}

// A chain: only the last step has to give what the state keeps.
valueState<Trip>({
  version: 3,
  migrate: {
    1: (old: TripV1): TripV2 => ({ ...old, tip: 0 }),
    2: (old: TripV2) => ({ fare: BigInt(old.fare), tip: BigInt(old.tip) }),
  },
})
// What nobody restores any more needs no step.
valueState<Trip>({ version: 3, migrate: { 2: (old: TripV2) => ({ fare: BigInt(old.fare), tip: 0n }) } })
valueState<Trip>({ version: 2 })
valueState({ initial: () => 0, version: 2, migrate: { 1: (old: string) => Number(old) } }) satisfies {
  readonly initial?: () => number
}
listState<number>({ version: 2, migrate: { 1: (old: string) => Number(old) } })
mapState<number, Trip>({
  version: 2,
  migrate: { 1: (old: TripV1) => ({ fare: BigInt(old.fare), tip: 0n }) },
  migrateKeys: { 1: (old: string) => Number(old) },
})
reducingState((left: number, right: number) => Math.max(left, right), {
  version: 2,
  migrate: { 1: (old: string) => Number(old) },
})
aggregatingState(
  mean((trip: Trip) => Number(trip.fare)),
  { version: 2 },
)
aggregatingState(count(), { version: 2, migrate: { 1: (old: bigint) => Number(old) } })

// @ts-expect-error the last step gives what the state keeps
valueState<Trip>({ version: 2, migrate: { 1: (old: TripV1) => ({ fare: old.fare, tip: 0 }) } })
// @ts-expect-error what the old version was has to be said before it is used
valueState<Trip>({ version: 2, migrate: { 1: (old) => ({ fare: BigInt(old.fare), tip: 0n }) } })
// @ts-expect-error a step starts below the version
valueState<number>({ version: 2, migrate: { 2: (old: string) => Number(old) } })
// @ts-expect-error version 1 has nothing to migrate
valueState<number>({ version: 1, migrate: { 1: (old: string) => Number(old) } })
// @ts-expect-error migrations need a version
valueState<number>({ migrate: { 1: (old: string) => Number(old) } })
// @ts-expect-error versions count from 1
valueState<number>({ version: 0 })
// @ts-expect-error a list's steps are of its elements
listState<number>({ version: 2, migrate: { 1: (old: string[]) => old.map(Number) } })
// @ts-expect-error keys are scalars
mapState<number, Trip>({ version: 2, migrateKeys: { 1: (old: string) => [old] } })
// @ts-expect-error the accumulator of a count is a number
aggregatingState(count(), { version: 2, migrate: { 1: (old: number) => String(old) } })
