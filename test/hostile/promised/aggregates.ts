import {
  aggregate,
  aggregatingState,
  count,
  last,
  max,
  millis,
  reducingState,
  session,
  sum,
  valueState,
} from 'tidemark'
import { asyncIn, type Case, firstRecord, inWindows, keyed, promise, rejecting, window } from './case.js'

export const aggregates: Readonly<Record<string, Case>> = {
  add: {
    build: (s) => inWindows(s).aggregate('a', { mine: aggregate(asyncIn({ add: rejecting })) }),
    operatorId: 'a',
    says: 'field mine: mine: add returned a promise',
    where: firstRecord,
  },
  'add, of the second of two fields': {
    build: (s) => inWindows(s).aggregate('a', { n: count(), mine: asyncIn({ add: rejecting }) }),
    operatorId: 'a',
    says: 'field mine: mine: add returned a promise',
    where: firstRecord,
  },
  'add, of one of three fields, later on': {
    build: (s) =>
      inWindows(s).aggregate('a', {
        n: count(),
        most: max((value) => value),
        mine: asyncIn({ add: (total, value) => (value === 2 ? promise() : total + value) }),
      }),
    operatorId: 'a',
    says: 'field mine: mine: add returned a promise',
    where: /offset 1, timestamp 4/,
  },
  create: {
    build: (s) => inWindows(s).aggregate('a', { mine: asyncIn({ create: rejecting }) }),
    operatorId: 'a',
    says: 'field mine: mine: create returned a promise',
    where: firstRecord,
  },
  result: {
    build: (s) => inWindows(s).aggregate('a', { mine: asyncIn({ result: rejecting }) }),
    operatorId: 'a',
    says: 'field mine: mine: result returned a promise',
    where: window,
  },
  'result, for a function of the window': {
    build: (s) => inWindows(s).aggregate('a', { mine: asyncIn({ result: rejecting }) }, () => []),
    operatorId: 'a',
    says: 'field mine: mine: result returned a promise',
    where: window,
  },
  merge: {
    build: (s) =>
      keyed(s)
        .window(session(millis(2)))
        .aggregate('a', { mine: asyncIn({ merge: rejecting }) }),
    operatorId: 'a',
    says: 'field mine: mine: merge returned a promise',
    where: /offset 2, timestamp 2/,
  },
  'a selector': {
    build: (s) => inWindows(s).aggregate('a', { total: sum(rejecting) }),
    operatorId: 'a',
    says: 'field total: sum: the selector returned a promise',
    where: firstRecord,
  },
  'a selector of what is only kept': {
    build: (s) => inWindows(s).aggregate('a', { newest: last(rejecting) }),
    operatorId: 'a',
    says: 'field newest: last: the selector returned a promise',
    where: firstRecord,
  },
  'add, in state': {
    build: (s) =>
      keyed(s).process('p', {
        state: { mine: aggregatingState(asyncIn({ add: rejecting })) },
        process: (value, ctx) => ctx.state.mine.add(value),
      }),
    operatorId: 'p',
    says: 'mine: add returned a promise',
    where: firstRecord,
  },
  'reduce, in state': {
    build: (s) =>
      keyed(s).process('p', {
        state: { total: reducingState<number>(rejecting) },
        process: (value, ctx) => ctx.state.total.add(value),
      }),
    operatorId: 'p',
    says: 'the function of a reducingState returned a promise',
    where: /offset 1, timestamp 4/,
  },
  'result, in state': {
    build: (s) =>
      keyed(s).process('p', {
        state: { mine: aggregatingState(asyncIn({ result: rejecting })) },
        process: (value, ctx) => {
          ctx.state.mine.add(value)
          ctx.state.mine.value()
        },
      }),
    operatorId: 'p',
    says: 'mine: result returned a promise',
    where: firstRecord,
  },
  'create, in state': {
    build: (s) =>
      keyed(s).process('p', {
        state: { mine: aggregatingState(asyncIn({ create: rejecting })) },
        process: (value, ctx) => ctx.state.mine.add(value),
      }),
    operatorId: 'p',
    says: 'mine: create returned a promise',
    where: firstRecord,
  },
  'create, in state of a window': {
    build: (s) =>
      inWindows(s).process('p', {
        windowState: { mine: aggregatingState(asyncIn({ create: rejecting })) },
        process: (values, ctx) => {
          for (const value of values) ctx.windowState.mine.add(value)
        },
      }),
    operatorId: 'p',
    says: 'mine: create returned a promise',
    where: window,
  },
  'initial, in state': {
    build: (s) =>
      keyed(s).process('p', {
        state: { last: valueState<number>({ initial: rejecting }) },
        process: (_value, ctx) => [ctx.state.last.value()],
      }),
    operatorId: 'p',
    says: 'initial of a valueState returned a promise',
    where: firstRecord,
  },
  'initial, in state that is changed': {
    build: (s) =>
      keyed(s).process('p', {
        state: { last: valueState<number>({ initial: rejecting }) },
        process: (_value, ctx) => ctx.state.last.mutate((last) => last ?? 1),
      }),
    operatorId: 'p',
    says: 'initial of a valueState returned a promise',
    where: firstRecord,
  },
  'mutate, in state': {
    build: (s) =>
      keyed(s).process('p', {
        state: { last: valueState<number>() },
        process: (_value, ctx) => ctx.state.last.mutate(rejecting),
      }),
    operatorId: 'p',
    says: 'the function of mutate of a valueState returned a promise',
    where: firstRecord,
  },
}
