import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import ts from 'typescript'
import { fixed, heading, table, thousands } from '../table.js'
import { JobCompiler, shown, strictOptions } from './compiler.js'
import { chainedJob, emptyJob, repeated, STEPS, type Step } from './steps.js'

/** What `tsc` may take on the job of `operators` operators, the start of the process included. */
const WANTED_SECONDS = 5
/** Twice as many operators may make this many times as many instantiations: more is quadratic, or near it. */
const WANTED_GROWTH = 2.3
const TIMES = 10
/** Other work on the machine only ever adds. */
const PROCESSES = 3

/** What the types of each method cost a compiler, and those of a large job in all. */
export function benchTypes({ operators }: { readonly operators: number }): boolean {
  // Within the checkout: what the declarations import has to be found from there.
  const cache = resolve('node_modules/.cache')
  mkdirSync(cache, { recursive: true })
  const folder = mkdtempSync(join(cache, 'bench-types-'))
  try {
    const declarations = join(folder, 'tidemark')
    emitDeclarations(declarations)
    const compiler = new JobCompiler({ root: declarations, extension: '.d.ts' })
    benchMethods(compiler)
    const grows = benchGrowth(compiler, operators)
    return benchProcess({ folder, declarations, operators }) && grows
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function benchMethods(compiler: JobCompiler): void {
  const empty = compiler.instantiations(emptyJob())
  const row = (step: Step): readonly string[] => {
    const first = compiler.instantiations(repeated(step, 1)) - empty
    const further = compiler.instantiations(repeated(step, 1 + TIMES)) - empty - first
    return [`  ${step.name}`, thousands(first), thousands(further / TIMES)]
  }
  heading(`type instantiations of each method, beside a job without steps (${thousands(empty)})`)
  const rows = Object.entries(STEPS).flatMap(([owner, steps]) => [[owner], ...steps.map(row)])
  console.log(table(['', 'the first', 'each further one'], rows))
}

function benchGrowth(compiler: JobCompiler, operators: number): boolean {
  heading('a job of steps that read each other')
  const empty = compiler.instantiations(emptyJob())
  const sizes = [operators / 4, operators / 2, operators, operators * 2]
  const own = sizes.map((size) => compiler.instantiations(chainedJob(size)) - empty)
  const growth = own.map((count, index) => count / (own[index - 1] ?? Number.NaN))
  const rows = sizes.map((size, index) => {
    const count = own[index] ?? Number.NaN
    return [
      `${size} operators`,
      thousands(count),
      fixed(count / size, 0),
      index === 0 ? '' : fixed(growth[index] ?? 0, 2),
    ]
  })
  console.log(table(['', 'instantiations', 'an operator', 'growth'], rows))
  const worst = Math.max(...growth.slice(1))
  console.log(`\n  twice the operators: at most ${fixed(worst, 2)} times the instantiations, ${WANTED_GROWTH} allowed`)
  return worst <= WANTED_GROWTH
}

interface Place {
  readonly folder: string
  readonly declarations: string
  readonly operators: number
}

/** A whole `tsc`, as a user starts it. */
function benchProcess({ folder, declarations, operators }: Place): boolean {
  heading(`tsc, a process of its own, seconds, the best of ${PROCESSES}`)
  const subpaths = { tidemark: 'core/index.d.ts', 'tidemark/patterns': 'core/patterns/index.d.ts' }
  const paths = Object.fromEntries(
    Object.entries(subpaths).map(([subpath, file]) => [subpath, [join(declarations, file)]]),
  )
  const compilerOptions = { noEmit: true, incremental: false, noUnusedLocals: false, paths }
  const config = { extends: resolve('tsconfig.json'), compilerOptions, include: ['job.ts'], exclude: [] }
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module' }))
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
  const jobs = [
    { name: 'no operator', text: emptyJob() },
    { name: `${operators} operators`, text: chainedJob(operators) },
  ]
  const taken = jobs.map(({ name, text }) => ({ name, ...takenBy(folder, text) }))
  const rows = taken.map(({ name, wall, processor }) => [name, fixed(wall, 2), fixed(processor, 2)])
  console.log(table(['', 'start to end', 'of the processor'], rows))
  const { wall, processor } = taken[1] ?? { wall: Number.NaN, processor: Number.NaN }
  const best = Math.min(wall, processor)
  console.log(`\n  ${operators} operators: ${fixed(best, 2)} s, under ${WANTED_SECONDS} wanted`)
  console.log('  Not measured: an editor, which checks on each key and keeps what it has.')
  return best < WANTED_SECONDS
}

interface Taken {
  /** From start to end; on a machine that has other work, any number. */
  readonly wall: number
  /** Of the processor, all threads of the process: no less than it takes from start to end on a machine without other work. */
  readonly processor: number
}

/** Prints what the process took when it ends. */
const METER = "process.on('exit', () => process.stderr.write(JSON.stringify(process.cpuUsage())))"

/** The best of a few: other work only ever adds. */
function takenBy(folder: string, text: string): Taken {
  writeFileSync(join(folder, 'job.ts'), text)
  writeFileSync(join(folder, 'meter.cjs'), METER)
  const all = Array.from({ length: PROCESSES }, () => runTsc(folder))
  return { wall: Math.min(...all.map(({ wall }) => wall)), processor: Math.min(...all.map((one) => one.processor)) }
}

/** @throws Error with what the compiler said */
function runTsc(folder: string): Taken {
  const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc')
  const begin = performance.now()
  const flags = ['--require', join(folder, 'meter.cjs'), tsc, '-p', folder]
  const { stdout, stderr, status } = spawnSync(process.execPath, flags, { encoding: 'utf8' })
  const wall = (performance.now() - begin) / 1000
  if (status !== 0) throw new Error(`tsc: ${stdout.slice(0, 2000)}`)
  const { user, system } = JSON.parse(stderr) as NodeJS.CpuUsage
  return { wall, processor: (user + system) / 1e6 }
}

/** What a user's compiler reads of Tidemark. */
function emitDeclarations(outDir: string): void {
  const roots = ['core/index.ts', 'core/patterns/index.ts'].map((file) => resolve(file))
  const options: ts.CompilerOptions = {
    ...strictOptions(),
    noEmit: false,
    declaration: true,
    emitDeclarationOnly: true,
    stripInternal: true,
    rootDir: resolve('.'),
    outDir,
  }
  const program = ts.createProgram(roots, options)
  const { diagnostics, emitSkipped } = program.emit()
  const [first] = diagnostics
  if (emitSkipped || first) throw new Error(`declarations: ${first ? shown(first) : 'none were written'}`)
}
