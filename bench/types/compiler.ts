import { resolve } from 'node:path'
import ts from 'typescript'

/** Where the subpaths of Tidemark are: folders that hold `core/index` and the like. */
export interface CompilerOptions {
  readonly root: string
  /** `.ts` for the sources, `.d.ts` for what users get. */
  readonly extension: '.ts' | '.d.ts'
}

/** Compiles one file of a user again and again, in this process. Everything else is read and parsed once. */
export class JobCompiler {
  private readonly options: ts.CompilerOptions
  private readonly host: ts.CompilerHost
  private readonly path: string
  private readonly parsed = new Map<string, ts.SourceFile | undefined>()
  private job: ts.SourceFile | undefined

  constructor({ root, extension }: CompilerOptions) {
    const paths = {
      tidemark: [resolve(root, `core/index${extension}`)],
      'tidemark/patterns': [resolve(root, `core/patterns/index${extension}`)],
    }
    this.options = { ...strictOptions(), paths, types: [], noUnusedLocals: false }
    this.path = resolve(root, 'job-of-the-bench.ts')
    this.host = this.cached(ts.createCompilerHost(this.options))
  }

  /** @throws Error with what the compiler said, where the text does not compile: a count of errors is none */
  instantiations(text: string): number {
    const { program, file } = this.compile(text)
    const [first] = program.getSemanticDiagnostics(file)
    if (first) throw new Error(`${shown(first)}\nin\n${text}`)
    return program.getInstantiationCount()
  }

  /** What is wrong with a text, in the compiler's words. */
  complaints(text: string): readonly string[] {
    const { program, file } = this.compile(text)
    return program.getSemanticDiagnostics(file).map(shown)
  }

  /** To look into what a text means. */
  compile(text: string): { readonly program: ts.Program; readonly file: ts.SourceFile } {
    const file = ts.createSourceFile(this.path, text, { languageVersion: ts.ScriptTarget.ES2023 }, true)
    file.impliedNodeFormat = ts.ModuleKind.ESNext
    this.job = file
    return { program: ts.createProgram([this.path], this.options, this.host), file }
  }

  private cached(host: ts.CompilerHost): ts.CompilerHost {
    return {
      ...host,
      fileExists: (file) => file === this.path || host.fileExists(file),
      getSourceFile: (file, version, onError) => {
        if (file === this.path) return this.job
        if (!this.parsed.has(file)) this.parsed.set(file, host.getSourceFile(file, version, onError))
        return this.parsed.get(file)
      },
    }
  }
}

/** As `tsc` would have them from this repository's tsconfig.json. */
export function strictOptions(): ts.CompilerOptions {
  const { config } = ts.readConfigFile('tsconfig.json', ts.sys.readFile)
  const { options } = ts.parseJsonConfigFileContent({ ...config, files: [], include: [] }, ts.sys, process.cwd())
  const { incremental: _, tsBuildInfoFile: __, ...others } = options
  return others
}

export function shown(diagnostic: ts.Diagnostic): string {
  return ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n')
}
