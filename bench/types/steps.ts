/** One step of each method, in the words of a user's file: what stands before it, and the step. */
export interface Step {
  readonly name: string
  readonly code: string
}

/** Everything that the steps and their streams are made from. */
const PREAMBLE = `
import {
  boundedOutOfOrderness, count, counted, defineJob, eachRecord, every, type JobBuilder, type JoinResults,
  keepLast, type KeyedStream, last, listState, mapState, mean, minutes, onTime, quantile, seconds, type Sink, sideOutput,
  type Source, type SourceStream, type Stream, sum, type TimeWindow, topN, tumbling, unionOperatorState, valueState,
  type WindowedJoin, type WindowedStream, type WindowResults,
} from 'tidemark'
import {
  absence, type Absences, type Changes, type Deduplicated, deduplicate, type Hotspots, hotspots, rateOfChange, sequence,
  type SequenceMatches, sessionFeatures, topPerWindow, type TopRows,
} from 'tidemark/patterns'
interface Trip { readonly type: 'trip'; readonly id: string; readonly cell: string; readonly fare: number; readonly at: number }
interface Marker { readonly type: 'marker'; readonly at: number }
declare const job: JobBuilder<object>
declare const source: Source<Trip>
declare const read: SourceStream<Trip>
declare const events: Stream<Trip | Marker>
declare const trips: Stream<Trip>
declare const others: Stream<Marker>
declare const keyed: KeyedStream<string, Trip>
declare const right: KeyedStream<string, Marker>
declare const windows: WindowedStream<string, Trip, TimeWindow>
declare const joined: WindowedJoin<string, Trip, Marker, Trip, Marker, TimeWindow>
declare const rows: WindowResults<Trip, Trip>
declare const pairs: JoinResults<Trip, Trip, Marker>
declare const absences: Absences<string, Trip>
declare const unique: Deduplicated<Trip>
declare const dense: Hotspots<Trip, Trip>
declare const changes: Changes<string, Trip>
declare const matches: SequenceMatches<string, Trip, { readonly dear: Trip }>
declare const best: TopRows<Trip>
declare const sink: Sink<unknown>
`

/** By the interface whose method it is. */
export const STEPS: Readonly<Record<string, readonly Step[]>> = {
  JobBuilder: [
    {
      name: 'from',
      code: "job.from('ID', source, boundedOutOfOrderness({ timestamp: (trip) => trip.at, maxDelay: seconds(9) }))",
    },
    { name: 'parameters', code: 'job.parameters' },
  ],
  SourceStream: [{ name: 'malformed', code: "read.malformed.to('ID', sink)" }],
  Stream: [
    { name: 'map', code: 'trips.map((trip) => ({ ...trip, half: trip.fare / 2 }))' },
    { name: 'filter', code: 'trips.filter((trip) => trip.fare > 2)' },
    { name: 'filter, narrowing', code: "events.filter((event) => event.type === 'trip')" },
    { name: 'flatMap', code: 'trips.flatMap((trip) => [trip.fare, trip.at])' },
    { name: 'mapAsync', code: "trips.mapAsync('ID', async (trip) => ({ ...trip, zone: 1 }), { timeout: minutes(1) })" },
    { name: 'split', code: "events.split({ trips: (e) => e.type === 'trip', markers: (e) => e.type === 'marker' })" },
    { name: 'union', code: 'trips.union(others)' },
    { name: 'rebalance', code: 'trips.rebalance()' },
    { name: 'rescale', code: 'trips.rescale()' },
    { name: 'replicate', code: 'trips.replicate()' },
    { name: 'forward', code: 'trips.forward()' },
    { name: 'partitionBy', code: 'trips.partitionBy((trip) => trip.fare, (fare, subtasks) => fare % subtasks)' },
    { name: 'keyBy', code: 'trips.keyBy((trip) => trip.cell)' },
    { name: 'keyBy, a tuple', code: 'trips.keyBy((trip) => [trip.cell, trip.fare])' },
    { name: 'process', code: "trips.process('ID', (trip, ctx) => (ctx.watermark > 0 ? [trip] : []))" },
    {
      name: 'process, operator state',
      code: `trips.process('ID', {
  operatorState: { seen: unionOperatorState<string>() },
  process(trip) { return [trip.id] },
})`,
    },
    { name: 'broadcast', code: 'others.broadcast({ at: mapState<string, number>() })' },
    {
      name: 'connect',
      code: `trips.connect(others.broadcast({ at: mapState<string, number>() })).process('ID', {
  onRecord: (trip, ctx) => [{ ...trip, at: ctx.broadcast.at.get(trip.cell) }],
  onBroadcast: (marker, ctx) => ctx.broadcast.at.put('a', marker.at),
})`,
    },
    { name: 'windowAll', code: "trips.windowAll(tumbling(minutes(1))).aggregate('ID', { n: count() })" },
    { name: 'failed', code: "trips.map((trip) => trip.fare, { onError: 'deadLetter' }).failed.to('ID', sink)" },
    { name: 'pipe', code: 'trips.pipe((stream) => stream.map((trip) => trip.fare))' },
    { name: 'to', code: "trips.to('ID', sink)" },
  ],
  KeyedStream: [
    {
      name: 'process',
      code: `keyed.process('ID', {
  state: { last: valueState<number>(), all: listState<string>() },
  sideOutputs: { alerts: sideOutput<string>() },
  process(trip, ctx) { ctx.state.last.update(trip.at); ctx.sideOutputs.alerts.emit(ctx.key); return [trip.fare] },
  onTimer: (timer) => [timer.timestamp],
})`,
    },
    { name: 'reduce', code: "keyed.reduce('ID', (a, b) => (a.fare > b.fare ? a : b))" },
    { name: 'window', code: 'keyed.window(tumbling(minutes(1)))' },
    {
      name: 'connect',
      code: `keyed.connect(right).process('ID', {
  state: { last: valueState<number>() },
  onLeft: (trip, ctx) => ctx.state.last.update(trip.at),
  onRight: (marker) => [marker.at],
})`,
    },
    {
      name: 'connect, broadcast',
      code: `keyed.connect(others.broadcast({ at: mapState<string, number>() })).process('ID', {
  state: { last: valueState<number>() },
  onRecord: (trip, ctx) => [{ ...trip, at: ctx.broadcast.at.get(ctx.key) }],
  onBroadcast: (marker, ctx) => ctx.broadcast.at.put('a', marker.at),
})`,
    },
    {
      name: 'intervalJoin',
      code: `keyed.intervalJoin(right, { lower: { before: minutes(1) }, upper: minutes(1) })
  .process('ID', (trip, marker) => [trip.at - marker.at])`,
    },
    {
      name: 'join',
      code: "keyed.join(right).window(tumbling(minutes(1))).process('ID', (trip, marker) => [trip.at - marker.at])",
    },
    {
      name: 'coGroup',
      code: "keyed.coGroup(right).window(tumbling(minutes(1))).process('ID', (a, b) => [a.length - b.length])",
    },
    {
      name: 'temporalJoin',
      code: "keyed.temporalJoin(right).process('ID', (trip, marker) => [marker?.at ?? trip.at])",
    },
    { name: 'failed', code: "trips.keyBy((trip) => trip.cell, { onError: 'deadLetter' }).failed.to('ID', sink)" },
    { name: 'pipe', code: 'keyed.pipe((stream) => stream.window(counted(3)))' },
  ],
  WindowedStream: [
    { name: 'trigger', code: 'windows.trigger(onTime().early(every(minutes(1))).late(eachRecord()))' },
    { name: 'evict', code: 'windows.evict(keepLast(3))' },
    { name: 'allowedLateness', code: 'windows.allowedLateness(minutes(1))' },
    { name: 'aggregate, one', code: "windows.aggregate('ID', { trips: count() })" },
    {
      name: 'aggregate',
      code: `windows.aggregate('ID', {
  trips: count(), fare: mean((trip) => trip.fare), all: sum((trip) => trip.fare),
  high: quantile((trip) => trip.fare, 0.9), best: topN(3, { by: (trip) => trip.fare }),
})`,
    },
    { name: 'reduce', code: "windows.reduce('ID', (a, b) => (a.fare > b.fare ? a : b))" },
    {
      name: 'process',
      code: "windows.process('ID', (values, ctx) => [{ key: ctx.key, end: ctx.window.end, values: [...values] }])",
    },
  ],
  WindowedJoin: [
    { name: 'trigger', code: 'joined.trigger(onTime().early(every(minutes(1))))' },
    { name: 'allowedLateness', code: 'joined.allowedLateness(minutes(1))' },
    { name: 'process', code: "joined.process('ID', (trip, marker) => [trip.at - marker.at])" },
  ],
  WindowResults: [{ name: 'late', code: "rows.late.to('ID', sink)" }],
  JoinResults: [
    { name: 'lateLeft', code: "pairs.lateLeft.to('ID', sink)" },
    { name: 'lateRight', code: "pairs.lateRight.to('ID', sink)" },
  ],
  'tidemark/patterns': [
    { name: 'deduplicate', code: "keyed.pipe(deduplicate('ID', { within: minutes(1) }))" },
    { name: 'absence', code: "keyed.pipe(absence('ID', { within: minutes(1) }))" },
    { name: 'rateOfChange', code: "keyed.pipe(rateOfChange('ID', { of: (trip) => trip.fare }))" },
    { name: 'sessionFeatures', code: "keyed.pipe(sessionFeatures('ID', { gap: minutes(1) }))" },
    {
      name: 'sequence',
      code: `keyed.pipe(sequence('ID', {
  pattern: (p) => p.begin('dear', (trip) => trip.fare > 9).followedBy('cheap', (trip) => trip.fare < 2)
    .next('dearer', (trip, { dear }) => trip.fare > dear.fare).notFollowedBy((trip) => trip.at > 3),
  within: minutes(1),
}))`,
    },
    {
      name: 'hotspots',
      code: `keyed.pipe(hotspots('ID', {
  dimensions: { fare: (trip) => trip.fare, at: (trip) => trip.at },
  windowSize: 100, scanRadius: 1, minimumPoints: 3,
}))`,
    },
    {
      name: 'topPerWindow',
      code: "windows.aggregate('ID', { n: count() }).pipe(topPerWindow('ID-top', { n: 3, by: (row) => row.n }))",
    },
    { name: 'late of absence', code: 'absences.late' },
    { name: 'duplicates of deduplicate', code: 'unique.duplicates' },
    { name: 'late of deduplicate', code: 'unique.late' },
    { name: 'late of hotspots', code: 'dense.late' },
    { name: 'late of rateOfChange', code: 'changes.late' },
    { name: 'late of sequence', code: 'matches.late' },
    { name: 'unfinished of sequence', code: 'matches.unfinished' },
    { name: 'late of topPerWindow', code: 'best.late' },
  ],
}

/** A file with all of them. */
export function everyStep(): string {
  const steps = Object.values(STEPS).flat()
  return jobOf(steps.map(({ code }, number) => `void ${code.replaceAll('ID', `step-${number}`)}`))
}

/** A file with one step `times` times, each as a statement of one job. */
export function repeated({ code }: Step, times: number): string {
  return jobOf(Array.from({ length: times }, (_, number) => `void ${code.replaceAll('ID', `step-${number}`)}`))
}

/** How many operators a piece of `chainedJob` has. */
const PIECE = 10

/** Steps one behind the other, each of which reads what the one before gave: types build upon types. */
export function chainedJob(operators: number): string {
  const lines: string[] = []
  for (let at = 0; at < operators; at += PIECE) lines.push(...piece(at, at === 0 ? 'trips' : `p${at - PIECE}`))
  return jobOf(lines)
}

export const emptyJob = (): string => jobOf([])

function piece(at: number, input: string): readonly string[] {
  return [
    `const a${at} = ${input}.map((trip) => ({ ...trip, f${at}: trip.fare }))`,
    `const b${at} = a${at}.filter((trip) => trip.fare > ${at})`,
    `const s${at} = b${at}.split({ high: (trip) => trip.fare > 9, low: (trip) => trip.fare < 2 })`,
    `const c${at} = s${at}.high.union(s${at}.low).rebalance().flatMap((trip) => [trip])`,
    `const d${at} = c${at}.process('d${at}', (trip, ctx) => (ctx.watermark > trip.at ? [trip] : []))`,
    `const k${at} = d${at}.keyBy((trip) => trip.cell)`,
    `const e${at} = k${at}.process('e${at}', {`,
    '  state: { last: valueState<number>() }, sideOutputs: { alerts: sideOutput<string>() },',
    `  process(trip, ctx) { ctx.state.last.update(trip.f${at}); return [trip] },`,
    '})',
    `k${at}.window(tumbling(minutes(1)))`,
    `  .aggregate('w${at}', { n: count(), m: mean((trip) => trip.f${at}) }).to('t${at}', sink)`,
    `const p${at} = e${at}.keyBy((trip) => trip.cell).reduce('p${at}', (a, b) => (a.fare > b.fare ? a : b))`,
  ]
}

/** A file with a job of such lines. */
export function jobOf(lines: readonly string[]): string {
  return `${PREAMBLE}\nexport default defineJob('types', () => {\n${lines.join('\n')}\n})\n`
}
