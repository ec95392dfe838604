import { readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import ts from 'typescript'

/**
 * The public surface, name by name, as a file that is reviewed like code: `npm run surface` writes it,
 * `npm run check:surface` fails while it is not current.
 */
const FILE = 'docs/api-surface.txt'

const { config } = ts.readConfigFile('tsconfig.json', ts.sys.readFile)
const { options } = ts.parseJsonConfigFileContent(config, ts.sys, '.')
const subpaths: [string, string][] = Object.entries(config.compilerOptions.paths as Record<string, [string]>).map(
  ([subpath, [source]]) => [subpath, resolve(source)],
)
const program = ts.createProgram(
  subpaths.map(([, source]) => source),
  { ...options, noEmit: true },
)
const checker = program.getTypeChecker()

function kindOf(symbol: ts.Symbol): string {
  const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol
  if (target.flags & ts.SymbolFlags.Class) return 'class'
  if (target.flags & ts.SymbolFlags.Function) return 'function'
  if (target.flags & ts.SymbolFlags.Variable) return 'const'
  if (target.flags & ts.SymbolFlags.Interface) return 'interface'
  return 'type'
}

const lines = subpaths.flatMap(([subpath, source]) => {
  const file = program.getSourceFile(source)
  const module = file && checker.getSymbolAtLocation(file)
  if (!module) throw new RangeError(`${subpath}: ${source} is not a module`)
  const names = checker.getExportsOfModule(module).map((symbol) => `  ${kindOf(symbol).padEnd(9)} ${symbol.name}`)
  return [subpath, ...names.sort(), '']
})
const text = lines.join('\n')

if (!process.argv.includes('--check')) writeFileSync(FILE, text)
else if (readFileSync(FILE, 'utf8') !== text) {
  process.stderr.write(`${FILE} is not current: npm run surface, and review what changed\n`)
  process.exitCode = 1
}
