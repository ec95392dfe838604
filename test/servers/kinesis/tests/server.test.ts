import { ListStreamsCommand } from '@aws-sdk/client-kinesis'
import { expect, onTestFinished, test } from 'vitest'
import { localKinesisClient } from '../client.js'
import { type DevKinesisOptions, runDevKinesis, startLocalKinesis } from '../index.js'
import { createStream, errorOf, put, start } from './fixture.js'

test('a port in use is one line that says what to do', async () => {
  const { server } = await start()
  const second = startLocalKinesis({ port: server.port })
  await expect(second).rejects.toMatchObject({ name: 'TidemarkError', code: 'KINESIS_PORT_IN_USE', domain: 'user' })
  expect((await errorOf(second)).message).toBe(
    `local Kinesis: cannot listen on 127.0.0.1:${server.port}: the port is in use; stop what listens there or choose another port`,
  )
})

test('options that make no sense are refused', async () => {
  for (const options of [
    { port: 70_000 },
    { port: Number.NaN },
    { streamCreationMs: -1 },
    { retentionHours: 0 },
    { retentionBytes: -1 },
    { shardLimit: Number.NaN },
    { limits: { readBytes: 0 } },
    { consumerCreationMs: -1 },
    { consumerDeletionMs: Number.NaN },
    { subscriptionMs: 0 },
    { takeoverMs: -1 },
    { heartbeatMs: 0 },
    { latencyMs: -1 },
    { onDemandWindowMs: 0 },
    { fsync: true },
  ]) {
    await expect(startLocalKinesis(options)).rejects.toMatchObject({ code: 'KINESIS_OPTION_INVALID' })
  }
})

test('closing ends idle connections and can be done twice', async () => {
  const { server, client } = await start()
  await client.send(new ListStreamsCommand({}))
  await Promise.all([server.close(), server.close()])
  await expect(fetch(server.url)).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } })
})

test('two servers share nothing', async () => {
  const [one, two] = [await start(), await start()]
  await createStream(one.client, 'taxi', 1)
  expect((await two.client.send(new ListStreamsCommand({}))).StreamNames).toEqual([])
})

interface RunningDev {
  readonly url: string
  readonly printed: readonly string[]
  readonly warned: readonly string[]
  stop(): Promise<void>
}

async function startDev(options: DevKinesisOptions = {}): Promise<RunningDev> {
  const end = new AbortController()
  const printed: string[] = []
  const warned: string[] = []
  const listening = new Promise<{ readonly line: string; readonly ended: Promise<void> }>((resolve, reject) => {
    const print = (line: string): void => {
      printed.push(line)
      resolve({ line, ended })
    }
    const ended = runDevKinesis({ ...options, signal: end.signal, print, warn: (line) => warned.push(line) })
    ended.catch(reject)
  })
  const { line, ended } = await listening
  const stop = (): Promise<void> => {
    end.abort()
    return ended
  }
  return { url: line.slice('ready '.length), printed, warned, stop }
}

test('the dev server prints ready and its URL, serves, and ends when it is told to', async () => {
  const before = process.listenerCount('SIGTERM')
  const dev = await startDev()
  expect(dev.printed).toEqual([expect.stringMatching(/^ready http:\/\/127\.0\.0\.1:\d+$/)])
  expect((await fetch(dev.url)).status).toBe(403)
  expect(process.listenerCount('SIGTERM')).toBe(before + 1)
  await dev.stop()
  expect(process.listenerCount('SIGTERM')).toBe(before)
  await expect(fetch(dev.url)).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } })
  expect([dev.printed.length, dev.warned]).toEqual([1, []])
})

test('the dev server says how many records its memory bound cost', async () => {
  const dev = await startDev({ retentionBytes: 64 * 1024 })
  const client = localKinesisClient(dev.url)
  onTestFinished(() => client.destroy())
  await createStream(client, 'taxi', 1)
  for (let call = 0; call < 4; call++) await put(client, 'taxi', ['x'.repeat(30_000)], 'k')
  await dev.stop()
  expect(dev.warned).toEqual([expect.stringMatching(/^local Kinesis: \d records were dropped to stay within/)])
})

test('a dev server that cannot listen leaves no signal handlers', async () => {
  const { server } = await start()
  const handlers = process.listenerCount('SIGINT')
  await expect(runDevKinesis({ port: server.port })).rejects.toMatchObject({ code: 'KINESIS_PORT_IN_USE' })
  expect(process.listenerCount('SIGINT')).toBe(handlers)
})
