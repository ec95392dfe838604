import { spawnSync } from 'node:child_process'

/** `npm run test:soak -- --minutes N`: the whole matrix again and again, each time with a new seed. */
const at = process.argv.indexOf('--minutes')
const minutes = at < 0 ? Number.NaN : Number(process.argv[at + 1])
if (!(minutes > 0)) {
  process.stderr.write('error: expected --minutes N, for how long to go on\n')
  process.exit(1)
}
const end = Date.now() + minutes * 60_000
for (let round = 1; Date.now() < end; round++) {
  const seed = Math.floor(Math.random() * 2 ** 31)
  process.stdout.write(`round ${round}, seed ${seed}\n`)
  const { status } = spawnSync('npx', ['vitest', 'run'], {
    stdio: 'inherit',
    env: { ...process.env, TIDEMARK_SEED: String(seed), TIDEMARK_TIER: 'all' },
  })
  if (status !== 0) process.exit(status ?? 1)
}
