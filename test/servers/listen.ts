import type { AddressInfo, Server } from 'node:net'
import type { TidemarkError } from '../../core/errors.js'

export interface ListenProblem {
  readonly isInUse: boolean
  readonly message: string
  readonly cause: Error
}

/** Resolves to the port. Rejects with what `describe` makes of the problem. */
export function listen(
  server: Server,
  { host, port }: { readonly host: string; readonly port: number },
  describe: (problem: ListenProblem) => TidemarkError,
): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const isInUse = cause.code === 'EADDRINUSE'
      const reason = isInUse ? 'the port is in use; stop what listens there or choose another port' : cause.message
      reject(describe({ isInUse, message: `cannot listen on ${host}:${port}: ${reason}`, cause }))
    })
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port)) // a TCP server has no other kind
  })
}
