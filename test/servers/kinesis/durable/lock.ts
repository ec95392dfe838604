import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { codeOf, directoryError } from './directory-error.js'

/** Of this process: a container's process often has the id of the one before it. */
const held = new Set<string>()

/**
 * One server a directory. The lock of a process that was killed is taken over.
 *
 * @throws TidemarkError KINESIS_DIRECTORY_IN_USE
 */
export function lock(path: string): () => void {
  for (;;) {
    try {
      writeFileSync(path, `${process.pid}\n`, { flag: 'wx' })
      held.add(path)
      return () => {
        held.delete(path)
        rmSync(path, { force: true })
      }
    } catch (thrown) {
      if (codeOf(thrown) !== 'EEXIST') throw thrown
    }
    const owner = Number(readFileSync(path, 'utf8'))
    const isOurs = owner === process.pid
    if (isOurs ? held.has(path) : owner > 0 && isAlive(owner)) {
      throw directoryError('KINESIS_DIRECTORY_IN_USE', {
        message: `process ${owner} uses it (${path}); stop that one, or choose another directory`,
      })
    }
    rmSync(path, { force: true })
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (thrown) {
    return codeOf(thrown) === 'EPERM'
  }
}
