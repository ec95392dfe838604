import { defineJob, millis, type Source } from 'tidemark'
import { collectInto } from 'tidemark/collection'
import { memoryStore, run } from 'tidemark/run'
import { sourceConformance, virtualEnvironment } from 'tidemark/testing'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { call } from '../../../examples/connectors/http.js'
import { httpPages } from '../../../examples/connectors/http-pages.js'
import { startPageService } from '../../../examples/connectors/page-service.js'

const A = [1, 2, 3, 4, 5, 6]
const B = [11, 12, 13]

function numberOf(item: unknown): number {
  if (typeof item !== 'number') throw new TypeError('expected a number')
  return item
}

async function world(values: ReadonlyMap<string, readonly unknown[]>, options: { readonly follow?: boolean } = {}) {
  let isEnded = !options.follow
  let handedOut = 0
  const service = await startPageService({ partitions: values, isEnded: () => isEnded })
  service.fault = ({ path, query }) => {
    const items = values.get(decodeURIComponent(path.slice('/partitions/'.length))) ?? []
    // At the tip there is none to hand out.
    handedOut += Math.min(3, Math.max(0, items.length - Number(query.get('cursor'))))
    return undefined
  }
  return {
    service,
    source: (): Source<number> => httpPages({ url: service.url, decode: numberOf, pollEvery: millis(5), ...options }),
    splits: [...values.values()] as number[][],
    handedOut: () => handedOut,
    end: () => {
      isEnded = true
    },
    close: () => service.close(),
  }
}

describe.each([{ follow: false }, { follow: true }])('httpPages keeps the contract, %o', (options) => {
  const checks = sourceConformance({
    start: () =>
      world(
        new Map([
          ['a', A],
          ['b/c', B],
        ]),
        options,
      ),
    malformed: async (onMalformed) => {
      const place = await world(new Map([['a', [1, 2, 'three', 4, {}, 6]]]), options)
      const source = (): Source<number> =>
        httpPages({ url: place.service.url, decode: numberOf, onMalformed, pollEvery: millis(5), ...options })
      return { ...place, source, splits: [[1, 2, 4, 6]], malformed: 2 }
    },
    fetched: ({ handedOut }) => handedOut(),
    buffered: 6,
    fail: ({ service }) => {
      service.fault = () => 'refused'
    },
  })
  for (const { name, run: check } of checks) test.concurrent(name, check)
})

test('a service that fails is asked again, later each time, and given up after retryFor', async () => {
  const environment = virtualEnvironment()
  const service = await startPageService({ partitions: new Map() })
  onTestFinished(() => service.close())
  const asked: number[] = []
  let fault: 'busy' | undefined = 'busy'
  service.fault = () => {
    asked.push(environment.clock.monotonic())
    return fault
  }
  const context = { operatorId: 'pages', environment }
  const { signal } = new AbortController()
  const answers = async (work: Promise<unknown>): Promise<unknown> => {
    let outcome: { readonly value: unknown } | undefined
    void work.then(
      (value) => {
        outcome = { value }
      },
      (value: unknown) => {
        outcome = { value }
      },
    )
    // A timer is set whenever the service has answered, or not within ten seconds: time moves only then.
    while (outcome === undefined) {
      const at = environment.nextTimerAt
      await new Promise((resolve) => setImmediate(resolve))
      const next = environment.nextTimerAt
      const isPause = next !== undefined && next === at && next - environment.clock.now() < 10_000
      if (isPause) await environment.advance(next - environment.clock.now())
    }
    return outcome.value
  }
  expect(await answers(call(`${service.url}/partitions`, { context, signal }))).toMatchObject({
    code: 'HTTP_UNAVAILABLE',
    retryable: true,
  })
  const pauses = asked.slice(1).map((at, index) => at - (asked[index] ?? 0))
  for (const [index, pause] of pauses.entries()) {
    const longest = Math.min(10_000, 100 * 2 ** index)
    expect(pause).toBeGreaterThanOrEqual(longest / 2)
    expect(pause).toBeLessThanOrEqual(longest)
  }
  expect(asked.at(-1)).toBeGreaterThan(40_000)
  expect(asked.at(-1)).toBeLessThanOrEqual(60_000)
  fault = undefined
  expect(await answers(call(`${service.url}/partitions`, { context, signal }))).toEqual([])
  expect(await answers(call(`${service.url}/partitions/none`, { context, signal }))).toMatchObject({
    code: 'HTTP_REFUSED',
    retryable: false,
  })
})

test('what a partition gets later is read, until it ends', async () => {
  const values = [1, 2, 3]
  const place = await world(new Map([['a', values]]), { follow: true })
  onTestFinished(() => place.close())
  const rows: number[] = []
  const job = defineJob('follow', (builder) => {
    builder.from('pages', place.source()).to('rows', collectInto(rows))
  })
  const handle = await run(job, { checkpoints: { to: memoryStore(), interval: millis(10) } })
  await vi.waitUntil(() => rows.length === 3, { timeout: 20_000 })
  values.push(4, 5, 6, 7)
  await vi.waitUntil(() => rows.length === 6, { timeout: 20_000 })
  place.end()
  await vi.waitUntil(() => rows.length === 7, { timeout: 20_000 })
  expect(rows).toEqual([1, 2, 3, 4, 5, 6, 7])
  await handle.cancel()
})
