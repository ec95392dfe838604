import { PassThrough } from 'node:stream'
import { messageOf } from '../../../../core/errors.js'
import { program } from '../../../../runtime/cli/program.js'

export interface Said {
  readonly code: number
  readonly out: string
  /** What the command could not do; empty: it did. */
  readonly error: string
}

/** `tidemark` in this process. */
export async function tidemark(...argv: readonly string[]): Promise<Said> {
  let out = ''
  let error = ''
  const io = {
    out: (text: string) => {
      out += text
    },
    err: (text: string) => {
      error += text
    },
    // Nothing that the commands use of a terminal is missing in a stream that is none.
    terminal: new PassThrough() as unknown as NodeJS.WriteStream,
  }
  try {
    const code = await program(argv, io)
    return { code, out, error }
  } catch (thrown) {
    return { code: 1, out, error: error + messageOf(thrown) }
  }
}
