import { count, millis, sideOutput } from 'tidemark'
import {
  type Case,
  failingBehindPromise,
  firstRecord,
  hour,
  inWindows,
  keyed,
  promise,
  Query,
  rejected,
  rowPromised,
  window,
} from './case.js'

/** Rows and side outputs. */
export const rows: Readonly<Record<string, Case>> = {
  'flatMap, an array': {
    build: (s) => rowPromised(s, () => [1, 2].map(rejected)),
    operatorId: 'flatMap-1',
    says: 'flatMap gave a promise as a row',
    where: firstRecord,
  },
  'flatMap, an array in which one is promised': {
    build: (s) => rowPromised(s, () => [0, rejected(), 2, rejected()]),
    operatorId: 'flatMap-1',
    says: 'flatMap gave a promise as a row',
    where: firstRecord,
  },
  'flatMap, a set': {
    build: (s) => rowPromised(s, () => new Set([rejected(), rejected()])),
    operatorId: 'flatMap-1',
    says: 'flatMap gave a promise as a row',
    where: firstRecord,
  },
  'flatMap, a thenable': {
    build: (s) => rowPromised(s, () => [new Query()]),
    operatorId: 'flatMap-1',
    says: 'flatMap gave a promise as a row',
    where: firstRecord,
  },
  'flatMap, a generator': {
    build: (s) =>
      rowPromised(s, function* () {
        yield promise()
        yield promise()
      }),
    operatorId: 'flatMap-1',
    says: 'flatMap gave a promise as a row',
    where: firstRecord,
  },
  'flatMap, an iterator that fails behind it': {
    build: (s) => rowPromised(s, failingBehindPromise),
    operatorId: 'flatMap-1',
    says: 'flatMap gave a promise as a row',
    where: firstRecord,
  },
  'flatMap, a set of more than are taken of any iterator': {
    build: (s) => rowPromised(s, () => new Set(Array.from({ length: 10_002 }, rejected))),
    operatorId: 'flatMap-1',
    says: 'flatMap gave a promise as a row',
    where: firstRecord,
  },
  process: {
    build: (s) => s.process('p', () => [promise()]),
    operatorId: 'p',
    says: 'process gave a promise as a row',
    where: firstRecord,
  },
  'keyed process': {
    build: (s) => keyed(s).process('p', { process: () => [promise()] }),
    operatorId: 'p',
    says: 'process gave a promise as a row',
    where: firstRecord,
  },
  onTimer: {
    build: (s) =>
      keyed(s).process('p', {
        process: (_value, ctx) => ctx.timers.registerEventTime(5),
        onTimer: () => [promise()],
      }),
    operatorId: 'p',
    says: 'onTimer gave a promise as a row',
    where: /timestamp 5/,
  },
  'both sides of a connected stream': {
    build: (s) =>
      keyed(s)
        .connect(keyed(s.filter(() => false)))
        .process('p', { onLeft: () => [promise()], onRight: () => undefined }),
    operatorId: 'p',
    says: 'onLeft gave a promise as a row',
    where: firstRecord,
  },
  'window process': {
    build: (s) => inWindows(s).process('p', (values) => values.map(promise)),
    operatorId: 'p',
    says: 'process gave a promise as a row',
    where: window,
  },
  'window process, a generator': {
    build: (s) =>
      inWindows(s).process('p', function* () {
        yield promise()
      }),
    operatorId: 'p',
    says: 'process gave a promise as a row',
    where: window,
  },
  'window process, a set': {
    build: (s) => inWindows(s).process('p', (values) => new Set(values.map(promise))),
    operatorId: 'p',
    says: 'process gave a promise as a row',
    where: window,
  },
  'window process, an iterator that fails behind it': {
    build: (s) => inWindows(s).process('p', failingBehindPromise),
    operatorId: 'p',
    says: 'process gave a promise as a row',
    where: window,
  },
  'a function of the aggregates of a window': {
    build: (s) => inWindows(s).aggregate('p', { n: count() }, () => [promise()]),
    operatorId: 'p',
    says: 'process gave a promise as a row',
    where: window,
  },
  'interval join': {
    build: (s) =>
      keyed(s)
        .intervalJoin(keyed(s), { lower: { before: millis(1) }, upper: millis(1) })
        .process('j', () => [promise()]),
    operatorId: 'j',
    says: 'process gave a promise as a row',
    where: /timestamp 1/,
  },
  'window join': {
    build: (s) =>
      keyed(s)
        .join(keyed(s))
        .window(hour)
        .process('j', () => [promise()]),
    operatorId: 'j',
    says: 'gave a promise as a row',
    where: window,
  },
  'temporal join': {
    build: (s) =>
      keyed(s)
        .temporalJoin(keyed(s))
        .process('j', () => [promise()]),
    operatorId: 'j',
    says: 'process gave a promise as a row',
    where: /timestamp 1/,
  },
  'temporal join, a set': {
    build: (s) =>
      keyed(s)
        .temporalJoin(keyed(s))
        .process('j', () => new Set([promise(), promise(), promise()])),
    operatorId: 'j',
    says: 'process gave a promise as a row',
    where: /timestamp 1/,
  },
  'temporal join, an iterator that fails behind it': {
    build: (s) => keyed(s).temporalJoin(keyed(s)).process('j', failingBehindPromise),
    operatorId: 'j',
    says: 'process gave a promise as a row',
    where: /timestamp 1/,
  },
  'side output': {
    build: (s) =>
      s.process('p', {
        sideOutputs: { a: sideOutput<unknown>() },
        process: (_value, ctx) => ctx.sideOutputs.a.emit(promise()),
      }).a,
    operatorId: 'p',
    says: "side output 'a' was given a promise",
    where: firstRecord,
  },
  'side output that nobody reads': {
    build: (s) =>
      keyed(s).process('p', {
        sideOutputs: { a: sideOutput<unknown>() },
        process: (_value, ctx) => ctx.sideOutputs.a.emit(promise()),
      }),
    operatorId: 'p',
    says: "side output 'a' was given a promise",
    where: firstRecord,
  },
  'side output of a window': {
    build: (s) =>
      inWindows(s).process('p', {
        sideOutputs: { a: sideOutput<unknown>() },
        process: (_values, ctx) => ctx.sideOutputs.a.emit(promise()),
      }).a,
    operatorId: 'p',
    says: "side output 'a' was given a promise",
    where: window,
  },
}
