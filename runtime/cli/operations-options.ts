import { type Command, InvalidArgumentError } from 'commander'
import { DEFAULT_OPERATIONS_PORT, type OperationsOptions } from '../operations/options.js'
import { TOKEN_VARIABLE, tokenOf } from './operations-client.js'

/** Options of `tidemark run` for the server that the other commands ask. */
export interface OperationsFlags {
  /** False: `--no-operations`. */
  readonly operations: boolean
  readonly operationsPort?: number
  readonly operationsHost?: string
  readonly operationsAllowHost?: readonly string[]
  readonly operationsTokenFile?: string
  readonly operationsWithoutToken: boolean
  readonly savepointRoot?: readonly string[]
}

export function addOperationsOptions(command: Command): void {
  const port = `default ${DEFAULT_OPERATIONS_PORT}, or a free one where that is taken`
  command
    .option('--operations-port <n>', `port of health, metrics and control; 0 takes a free one; ${port}`, portNumber)
    .option('--operations-host <address>', 'address that it listens at; default 127.0.0.1')
    .option('--operations-allow-host <name>', 'a name under which it answers; repeat for more', collect)
    .option(
      '--operations-token-file <file>',
      `a file with the token it asks for; default: the variable ${TOKEN_VARIABLE}`,
    )
    .option('--operations-without-token', 'let every machine that reaches it stop the job', false)
    .option('--savepoint-root <location>', 'a place below which requests may put savepoints; repeat for more', collect)
    .option('--no-operations', 'no such server')
}

export async function operationsOf(flags: OperationsFlags): Promise<false | OperationsOptions> {
  if (!flags.operations) return false
  const { operationsPort, operationsHost, operationsAllowHost, savepointRoot } = flags
  const token = await tokenOf(flags.operationsTokenFile)
  return {
    ...(operationsPort === undefined ? {} : { port: operationsPort }),
    ...(operationsHost === undefined ? {} : { host: operationsHost }),
    ...(operationsAllowHost === undefined ? {} : { allowedHosts: operationsAllowHost }),
    ...(savepointRoot === undefined ? {} : { savepointRoots: savepointRoot }),
    ...(token === undefined ? {} : { token }),
    ...(flags.operationsWithoutToken ? { allowRemote: 'without-token' } : {}),
  }
}

export function portNumber(text: string): number {
  const value = Number(text)
  if (/^\d+$/.test(text) && value <= 65_535) return value
  throw new InvalidArgumentError('Expected a port from 0 to 65535.')
}

function collect(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text]
}
