import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { KinesisClient } from '@aws-sdk/client-kinesis'
import { type Contender, type Measured, measure, median, speedRatio } from '../measure.js'
import { fixed, heading, ratioText, table, thousands } from '../table.js'
import type { ServerCase } from './case.js'
import { clientOf, createStream, deleteStream, get, type Load, put, subscribe } from './load.js'

/** What is wanted of the server in memory, in and out. */
const WANTED_PER_SECOND = 100_000
const PAGE_RECORDS = 10_000
const FILLED = 'filled'

interface Served {
  readonly name: string
  readonly client: KinesisClient
  readonly child: ChildProcess
}

/** The local Kinesis in a process of its own, through the SDK, beside a server that does next to nothing. */
export async function benchKinesisServer({ rounds, ...load }: Load & { readonly rounds: number }): Promise<boolean> {
  heading(
    `the local Kinesis: ${thousands(load.records)} records of ${load.recordBytes} bytes, ${load.shards} shards, limits off, ` +
      `${rounds} rounds in turn`,
  )
  const folder = await mkdtemp(join(tmpdir(), 'tidemark-bench-'))
  const bare = await serve('bare JSON server', {
    kind: 'bare',
    recordBytes: load.recordBytes,
    pageRecords: PAGE_RECORDS,
  })
  const memory = await serve('in memory', { kind: 'local' })
  const directory = await serve('with a directory', { kind: 'local', directory: join(folder, 'plain') })
  const synced = await serve('with a directory, fsync', {
    kind: 'local',
    directory: join(folder, 'synced'),
    fsync: true,
  })
  const all = [bare, memory, directory, synced]
  try {
    const writing = await measure(
      all.map((served) => puts(served, load)),
      { warmUps: 1, rounds },
    )
    await createStream(memory.client, FILLED, load)
    await put(memory.client, FILLED, load)
    const reading = await measure(
      [
        { name: bare.name, run: () => get(bare.client, FILLED, load) },
        { name: 'in memory, GetRecords', run: () => get(memory.client, FILLED, load) },
        { name: 'in memory, SubscribeToShard', run: () => subscribe(memory.client, FILLED, load) },
      ],
      { warmUps: 1, rounds },
    )
    print('in (PutRecords of 500, 8 in flight)', writing, load)
    console.log('')
    print(`out (${load.shards} shards at once)`, reading, load)
    console.log(
      [
        '',
        '  Each server has a process of its own; the last column is how much of one core the client used: near 1 it is the client\n  that both wait for, far below it is other work of the machine, or the server.',
        '  Not measured: TLS, HTTP/2, large records, many streams, limits, more than one client process.',
      ].join('\n'),
    )
    const [, inMemory] = writing
    const [, polled] = reading
    const counts = [...writing, ...reading.slice(1)].every(({ result }) => result === load.records)
    return counts && [inMemory, polled].every((one) => one !== undefined && perSecond(one, load) >= WANTED_PER_SECOND)
  } finally {
    for (const { client, child } of all) {
      client.destroy()
      child.kill()
    }
    await rm(folder, { recursive: true, force: true })
  }
}

/** A new stream each time: what it holds does not grow with the rounds. */
function puts({ name, client }: Served, load: Load): Contender<number> {
  let round = 0
  return {
    name,
    async run() {
      const stream = `round-${round++}`
      await createStream(client, stream, load)
      const taken = await put(client, stream, load)
      await deleteStream(client, stream)
      return taken
    },
  }
}

function print(title: string, measured: readonly Measured<number>[], load: Load): void {
  const [base] = measured
  const rows = measured.map((one) => [
    one.name,
    thousands(perSecond(one, load)),
    ratioText(speedRatio(one.times, base?.times ?? [])),
    fixed(median(one.cpuTimes) / median(one.times), 2),
  ])
  console.log(table([title, 'records/s', 'of the bare server', "client's cores"], rows))
}

function perSecond({ times }: Measured<number>, { records }: Load): number {
  return records / (median(times) / 1000)
}

async function serve(name: string, serverCase: ServerCase): Promise<Served> {
  const path = fileURLToPath(new URL('./child.ts', import.meta.url))
  const child = spawn(process.execPath, ['--import', 'tsx', path, JSON.stringify(serverCase)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = await once(createInterface({ input: child.stdout }), 'line')
  return { name, client: clientOf(String(line)), child }
}
