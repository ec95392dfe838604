import { ListStreamsCommand } from '@aws-sdk/client-kinesis'
import { expect, test } from 'vitest'
import { runDevKinesis, startLocalKinesis } from '../index.js'
import { createStream, errorOf, start } from './fixture.js'

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
    { retentionHours: 0 },
    { retentionBytes: -1 },
    { shardLimit: Number.NaN },
    { limits: { readBytes: 0 } },
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

test('the dev server prints ready and its URL, serves, and ends when it is told to', async () => {
  const stop = new AbortController()
  const lines: string[] = []
  let ended: Promise<void> | undefined
  const line = await new Promise<string>((resolve, reject) => {
    const print = (printed: string): void => {
      lines.push(printed)
      resolve(printed)
    }
    ended = runDevKinesis({ signal: stop.signal, print })
    ended.catch(reject)
  })
  expect(line).toMatch(/^ready http:\/\/127\.0\.0\.1:\d+$/)
  const response = await fetch(line.slice('ready '.length))
  expect(response.status).toBe(403)
  const handlers = process.listenerCount('SIGTERM')
  stop.abort()
  await ended
  expect(process.listenerCount('SIGTERM')).toBe(handlers - 1)
  expect(lines).toHaveLength(1)
})

test('a dev server that cannot listen leaves no signal handlers', async () => {
  const { server } = await start()
  const handlers = process.listenerCount('SIGINT')
  await expect(runDevKinesis({ port: server.port })).rejects.toMatchObject({ code: 'KINESIS_PORT_IN_USE' })
  expect(process.listenerCount('SIGINT')).toBe(handlers)
})
