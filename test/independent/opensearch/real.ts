import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const PORT = 9201
const NODE = fileURLToPath(new URL('./Node.java', import.meta.url))
const POM = fileURLToPath(new URL('./pom.xml', import.meta.url))

export interface RealOpenSearch {
  readonly url: string
  /** Kills the process, whatever it is doing, and starts it again with what it has on its disk. */
  restart(): Promise<void>
  close(): Promise<void>
}

/** One node, with the runner of codelibs: Java 17 or later, Maven, and 1.5 GB of memory. Stopped by `close`. */
export async function startRealOpenSearch(): Promise<RealOpenSearch> {
  const folder = await mkdtemp(join(tmpdir(), 'tidemark-opensearch-'))
  const path = join(folder, 'classpath')
  try {
    await promisify(execFile)('mvn', ['-q', '-f', POM, 'dependency:build-classpath', `-Dmdep.outputFile=${path}`])
  } catch (thrown) {
    throw new Error('a real OpenSearch needs Java 17 and Maven: install them, or give the URL of one that runs', {
      cause: thrown,
    })
  }
  const classpath = (await readFile(path, 'utf8')).trim()
  const start = (): ChildProcess =>
    spawn(
      'java',
      [
        ...['-Xmx1g', '-cp', classpath, NODE],
        ...['-basePath', join(folder, 'node'), '-numOfNode', '1', '-baseHttpPort', String(PORT - 1)],
      ],
      { stdio: 'ignore' },
    )
  let node = start()
  const close = async (): Promise<void> => {
    await stopped(node, 'SIGTERM')
    await rm(folder, { recursive: true, force: true })
  }
  try {
    await answering(node)
  } catch (thrown) {
    await close()
    throw thrown
  }
  return {
    url: `http://127.0.0.1:${PORT}`,
    async restart() {
      await stopped(node, 'SIGKILL')
      node = start()
      await answering(node)
    },
    close,
  }
}

async function stopped(node: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (node.exitCode !== null || node.signalCode !== null) return
  const exited = new Promise((resolve) => node.once('exit', resolve))
  node.kill(signal)
  await exited
}

async function answering(node: ChildProcess): Promise<void> {
  for (let attempt = 0; attempt < 120 && node.exitCode === null; attempt++) {
    const answer = await fetch(`http://127.0.0.1:${PORT}/`).catch(() => undefined)
    if (answer?.ok) return
    await new Promise((resolve) => setTimeout(resolve, 500))
  }
  throw new Error(`OpenSearch did not start on port ${PORT}; is the port free, and is there memory?`)
}
