import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { TidemarkError } from 'tidemark'

/**
 * A headless Chromium, driven over its own debugging pipe (Chrome DevTools Protocol: JSON messages that end in a zero
 * byte, written to descriptor 3 and read from descriptor 4). No port, no library.
 */
export interface Browser {
  readonly open: (url: string, screen: Screen) => Promise<Page>
  readonly close: () => Promise<void>
}

export interface Screen {
  readonly width: number
  readonly height: number
  readonly scheme: 'light' | 'dark'
  /** Pixels of a CSS pixel. Default 1. */
  readonly density?: number
  /** Default false. */
  readonly reducesMotion?: boolean
}

export interface Page {
  /** The value of an expression, or of the promise it is. */
  readonly evaluate: (expression: string) => Promise<unknown>
  readonly press: (key: string) => Promise<void>
  readonly moveMouse: (x: number, y: number) => Promise<void>
  /** PNG of what is in sight. */
  readonly screenshot: () => Promise<Buffer>
  /** Everything that went wrong in the page so far: exceptions, console errors, refused resources. */
  readonly errors: readonly string[]
  /** Every address that the page asked for. */
  readonly requests: readonly string[]
}

/** The first of `CHROMIUM` (a path) and the usual names in `PATH` that exists. */
export function findChromium(env: NodeJS.ProcessEnv = process.env): string | undefined {
  if (env['CHROMIUM'] !== undefined && env['CHROMIUM'] !== '') return env['CHROMIUM']
  const folders = ['/usr/bin', ...(env['PATH'] ?? '').split(delimiter)]
  const names = ['chromium', 'chromium-browser', 'google-chrome']
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find((path) => existsSync(path))
}

const flags = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--hide-scrollbars',
  '--remote-debugging-pipe',
]

export async function launch(executable: string): Promise<Browser> {
  const profile = mkdtempSync(join(tmpdir(), 'tidemark-chromium-'))
  const child = spawn(executable, [...flags, `--user-data-dir=${profile}`], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
  })
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
    child.once('error', () => resolve())
  })
  const protocol = connect(child, exited)
  return {
    open: (url, screen) => openPage(protocol, url, screen),
    close: async () => {
      await protocol.send('Browser.close').catch(() => undefined)
      await exited
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

type Fields = Readonly<Record<string, unknown>>

interface Protocol {
  readonly send: (method: string, params?: Fields, sessionId?: string) => Promise<Fields>
  readonly listen: (listener: (method: string, params: Fields, sessionId: string | undefined) => void) => void
}

interface Message {
  readonly id?: number
  readonly method?: string
  readonly params?: Fields
  readonly result?: Fields
  readonly error?: { readonly message: string }
  readonly sessionId?: string
}

function connect(child: ChildProcess, exited: Promise<void>): Protocol {
  const input = child.stdio[3] as Writable // the descriptors that launch() asked for
  const output = child.stdio[4] as Readable
  const waiting = new Map<number, { resolve: (result: Fields) => void; reject: (error: Error) => void }>()
  const listeners: ((method: string, params: Fields, sessionId: string | undefined) => void)[] = []
  let lastId = 0
  let gone = false
  let unread = Buffer.alloc(0)
  const take = (message: Message) => {
    if (message.method !== undefined) {
      for (const listener of listeners) listener(message.method, message.params ?? {}, message.sessionId)
    }
    const call = message.id === undefined ? undefined : waiting.get(message.id)
    if (call === undefined) return
    waiting.delete(message.id!)
    if (message.error === undefined) call.resolve(message.result ?? {})
    else call.reject(failed(`the browser refused a command: ${message.error.message}`))
  }
  output.on('data', (chunk: Buffer) => {
    unread = Buffer.concat([unread, chunk])
    for (let end = unread.indexOf(0); end >= 0; end = unread.indexOf(0)) {
      const text = unread.toString('utf8', 0, end)
      unread = unread.subarray(end + 1)
      take(JSON.parse(text) as Message) // the browser's own protocol
    }
  })
  input.on('error', () => undefined) // a browser that ends early: `exited` tells every caller
  exited.then(() => {
    gone = true
    for (const { reject } of waiting.values())
      reject(failed('the browser ended before it answered; run it by hand to see why'))
  })
  return {
    send: (method, params = {}, sessionId) =>
      new Promise((resolve, reject) => {
        if (gone) {
          reject(failed('the browser ended before it answered; run it by hand to see why'))
          return
        }
        const id = ++lastId
        waiting.set(id, { resolve, reject })
        input.write(`${JSON.stringify({ id, method, params, sessionId })}\0`)
      }),
    listen: (listener) => {
      listeners.push(listener)
    },
  }
}

function failed(message: string): TidemarkError {
  return new TidemarkError({ code: 'BROWSER_FAILED', domain: 'connector', message })
}

async function openPage(protocol: Protocol, url: string, screen: Screen): Promise<Page> {
  const { targetId } = await protocol.send('Target.createTarget', { url: 'about:blank' })
  const { sessionId } = await protocol.send('Target.attachToTarget', { targetId, flatten: true })
  const session = String(sessionId)
  const send = (method: string, params?: Fields) => protocol.send(method, params, session)
  const errors: string[] = []
  const requests: string[] = []
  const loaded = new Promise<void>((resolve) => {
    protocol.listen((method, params, from) => {
      if (from !== session) return
      if (method === 'Page.loadEventFired') resolve()
      if (method === 'Network.requestWillBeSent') requests.push(String((params['request'] as Fields)['url']))
      if (method === 'Runtime.exceptionThrown') errors.push(JSON.stringify(params['exceptionDetails']))
      if (method === 'Runtime.consoleAPICalled' && params['type'] === 'error')
        errors.push(JSON.stringify(params['args']))
      if (method === 'Log.entryAdded') errors.push(JSON.stringify(params['entry']))
    })
  })
  await Promise.all([send('Page.enable'), send('Runtime.enable'), send('Log.enable'), send('Network.enable')])
  await send('Emulation.setDeviceMetricsOverride', {
    width: screen.width,
    height: screen.height,
    deviceScaleFactor: screen.density ?? 1,
    mobile: false,
  })
  await send('Emulation.setEmulatedMedia', {
    features: [
      { name: 'prefers-color-scheme', value: screen.scheme },
      { name: 'prefers-reduced-motion', value: screen.reducesMotion === true ? 'reduce' : 'no-preference' },
    ],
  })
  await send('Page.navigate', { url })
  await loaded
  return {
    errors,
    requests,
    evaluate: async (expression) => {
      const { result, exceptionDetails } = await send('Runtime.evaluate', {
        expression,
        awaitPromise: true,
        returnByValue: true,
      })
      if (exceptionDetails !== undefined) throw failed(`the page threw: ${JSON.stringify(exceptionDetails)}`)
      return (result as Fields)['value']
    },
    press: async (key) => {
      await send('Input.dispatchKeyEvent', { type: 'keyDown', key, code: key })
      await send('Input.dispatchKeyEvent', { type: 'keyUp', key, code: key })
    },
    moveMouse: async (x, y) => {
      await send('Input.dispatchMouseEvent', { type: 'mouseMoved', x, y })
    },
    screenshot: async () => {
      const { data } = await send('Page.captureScreenshot', { format: 'png' })
      return Buffer.from(String(data), 'base64')
    },
  }
}
