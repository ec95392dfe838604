import { messageOf, TidemarkError } from '../../core/errors.js'
import { redactText } from '../observe/redact.js'
import { program } from './program.js'

const io = {
  out: (text: string) => void process.stdout.write(text),
  err: (text: string) => void process.stderr.write(text),
}

try {
  process.exitCode = await program(process.argv.slice(2), { ...io, terminal: process.stderr })
} catch (error) {
  // What Tidemark throws on purpose says what to do in one line; anything else is worth its stack when asked for.
  const stack = process.env['DEBUG'] && error instanceof Error ? `\n${error.stack}` : ''
  const code = error instanceof TidemarkError ? ` [${error.code}]` : ''
  io.err(redactText(`error: ${messageOf(error)}${code}${stack}\n`))
  process.exitCode = 1
}
