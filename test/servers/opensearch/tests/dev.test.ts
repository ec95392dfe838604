import { expect, test } from 'vitest'
import { runDevOpenSearch } from '../dev.js'

test('says where it listens, answers there, and ends when it is told to', async () => {
  const end = new AbortController()
  let listen = (_line: string): void => undefined
  const listening = new Promise<string>((resolve) => {
    listen = resolve
  })
  const running = runDevOpenSearch({ port: 0, print: (line) => listen(line), signal: end.signal })
  const [, url = ''] = /^ready (http:\/\/127\.0\.0\.1:\d+)$/.exec(await listening) ?? []
  expect(await (await fetch(url)).json()).toMatchObject({ version: { distribution: 'opensearch' } })
  end.abort()
  await running
  await expect(fetch(url)).rejects.toThrow()
})
