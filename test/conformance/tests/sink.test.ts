import { describe, expect, test } from 'vitest'
import { millis } from '../../../core/duration.js'
import { virtualEnvironment } from '../../../runtime/environment/virtual.js'
import type { ConformanceCheck } from '../check.js'
import { sinkConformance, twoPhaseSinkConformance } from '../sink/suite.js'
import { COMMIT_FAULTS } from './commit-faults.js'
import { MemoryPlace, type MemorySinkParts, memorySink } from './memory-sink.js'
import { WRITER_FAULTS } from './writer-faults.js'

/** Nothing of it waits for anything real. */
function setup(parts: MemorySinkParts) {
  return {
    start: () => {
      const place = new MemoryPlace()
      return {
        place,
        sink: () => memorySink(place, parts),
        row: (n: number) => ({ n }),
        visible: () => place.rows,
        environment: virtualEnvironment(),
      }
    },
    leftOpen: ({ place }: { place: MemoryPlace }) => place.open,
    outage: ({ place }: { place: MemoryPlace }) => {
      place.isDown = true
      return () => {
        place.isDown = false
      }
    },
    patience: millis(20),
  }
}

function twoPhase(parts: MemorySinkParts): readonly ConformanceCheck[] {
  return twoPhaseSinkConformance({
    ...setup({ ...parts, twoPhase: true }),
    unfinished: ({ place }) => place.staged.size,
    keepsOpen: parts.keepsOpen ?? false,
  })
}

async function failing(checks: readonly ConformanceCheck[]): Promise<readonly string[]> {
  const failed: string[] = []
  for (const { name, run } of checks) {
    await run().catch((error: unknown) => {
      expect(error).toMatchObject({ code: 'CONFORMANCE_BROKEN', domain: 'connector' })
      expect((error as Error).message).toMatch(/: \S+ promises ".+", found: .+/)
      failed.push(name)
    })
  }
  return failed
}

describe('the suite of sinks', () => {
  test('finds nothing in a right one', async () => {
    expect(await failing(sinkConformance(setup({})))).toEqual([])
  })

  test.each(WRITER_FAULTS)('finds that $fault, and nothing else', async ({ parts, found }) => {
    expect(await failing(sinkConformance(setup(parts)))).toEqual([found])
  })

  test('has a fault for each of its checks', () => {
    const found = new Set(WRITER_FAULTS.map((fault) => fault.found))
    const names = sinkConformance(setup({})).map(({ name }) => name)
    expect(names.filter((name) => !found.has(name))).toEqual([])
  })
})

describe('the suite of two-phase sinks', () => {
  test.each([{ keepsOpen: false }, { keepsOpen: true }])('finds nothing in a right one, %o', async (parts) => {
    expect(await failing(twoPhase(parts))).toEqual([])
  })

  test.each(COMMIT_FAULTS)('finds that $fault, and nothing else', async ({ parts, found }) => {
    expect(await failing(twoPhase(parts))).toEqual([found])
  })

  test('has a fault for each of its checks', () => {
    const found = new Set([...COMMIT_FAULTS, ...WRITER_FAULTS].map((fault) => fault.found))
    expect(
      twoPhase({})
        .map(({ name }) => name)
        .filter((name) => !found.has(name)),
    ).toEqual([])
  })
})
