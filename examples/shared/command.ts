/** Runs what a command does; a failure is one line and an exit code. */
export async function command(main: () => Promise<void>): Promise<void> {
  try {
    await main()
  } catch (error) {
    process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`)
    process.exitCode = 1
  }
}

export const print = (line: string): void => void process.stdout.write(`${line}\n`)
