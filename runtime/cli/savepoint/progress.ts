import { systemEnvironment } from '../../environment/system.js'
import type { CliIo } from '../program.js'
import { bytesText } from '../table.js'

/** How often something is said: a terminal shows one line that changes, a log gets a line now and then. */
const TERMINAL_MS = 100
const LOG_MS = 10_000

export interface ByteProgress {
  add(bytes: number): void
  /** The line goes. */
  end(): void
}

/** How far long work is, to standard error. */
export function byteProgress({ terminal }: CliIo, what: string, total: number): ByteProgress {
  const { clock } = systemEnvironment()
  const every = terminal.isTTY ? TERMINAL_MS : LOG_MS
  let done = 0
  let said = clock.monotonic()
  let isShown = false
  return {
    add(bytes) {
      done += bytes
      const now = clock.monotonic()
      if (now - said < every) return
      said = now
      isShown = true
      const text = `${what}: ${bytesText(done)} of ${bytesText(total)}`
      terminal.write(terminal.isTTY ? `\r\u001b[2K${text}` : `${text}\n`)
    },
    end() {
      if (isShown && terminal.isTTY) terminal.write('\r\u001b[2K')
    },
  }
}
