import { open, readdir, stat } from 'node:fs/promises'
import { join, normalize } from 'node:path'
import type { MalformedPolicy, ReaderContext, Source } from '../../core/connector.js'
import { TidemarkError } from '../../core/errors.js'
import { requireChoice, requireKnownOptions } from '../../core/options.js'
import { isGzip } from './contents.js'
import { fileError } from './errors.js'
import type { FileSourceFormat } from './format.js'
import { FileReader } from './reader.js'
import type { FileSplit } from './split.js'

interface FilesCommonOptions<T> {
  readonly format: FileSourceFormat<T>
  /** What a record meets that cannot be read. Default `fail`. */
  readonly onMalformed?: MalformedPolicy
  /** The largest record, in bytes. Default 1 MiB. */
  readonly maxRecordBytes?: number
  /** How far each file is read ahead, in bytes. Default 1 MiB. */
  readonly bufferBytes?: number
}

/** One file or folder, or a list of them. */
export type FilesOptions<T> = FilesCommonOptions<T> &
  (
    | { readonly path: string; readonly paths?: undefined }
    | { readonly paths: readonly string[]; readonly path?: undefined }
  )

const OPTIONS = {
  path: true,
  paths: true,
  format: true,
  onMalformed: true,
  maxRecordBytes: true,
  bufferBytes: true,
} as const

const MEBIBYTE = 1024 * 1024

/**
 * Files as a bounded source, plain or gzip (told by its first bytes). Each file is a split, its id the path as it is
 * given here: a checkpoint taken with relative paths can be restored in another folder, where the same files lie under
 * the same names. Of a folder, all files in it but those whose name begins with a dot are read, in the order of their
 * names. A file ends where it ended when the job first saw it.
 * @example files({ path: 'events/', format: jsonLines(json(Event)) })
 */
export function files<T>(options: FilesOptions<T>): Source<T> {
  requireKnownOptions('files', options, OPTIONS)
  requireChoice('files', { name: 'onMalformed', value: options.onMalformed, choices: ['fail', 'deadLetter', 'skip'] })
  const { format, onMalformed = 'fail', maxRecordBytes = MEBIBYTE, bufferBytes = MEBIBYTE } = options
  const given = options.path === undefined ? options.paths : [options.path]
  for (const [name, value] of Object.entries({ maxRecordBytes, bufferBytes })) {
    if (!(Number.isSafeInteger(value) && value > 0)) throw invalid(`${name} is a whole number above 0, found ${value}`)
  }
  if (!Array.isArray(given) || (options.path !== undefined && options.paths !== undefined)) {
    throw invalid('give either path (a file or a folder) or paths (a list of them)')
  }
  if (typeof format?.open !== 'function') {
    throw invalid('format is jsonLines(...), csv(...) or textLines(), found something else')
  }
  if (!given.every((path) => typeof path === 'string')) throw invalid('a path is not a text')
  if (given.some((path) => path === '')) throw invalid('a path is empty')
  return {
    kind: 'file',
    bounded: true,
    onMalformed,
    describe: () => `${given.join(', ')} (${format.name})`,
    enumerate(context) {
      const where = `source '${context.operatorId}'`
      return {
        async discover(known) {
          const found = await findFiles(given, { known, where, operatorId: context.operatorId })
          if (found.length > 0 || known.size > 0) return found
          throw new TidemarkError({
            code: 'FILE_SET_EMPTY',
            domain: 'user',
            operatorId: context.operatorId,
            message: `${where}: there is no file to read in ${given.length === 0 ? 'an empty list' : given.join(', ')}`,
          })
        },
      }
    },
    async read(split, context) {
      const reader = await openReader(split as FileSplit, context)
      reader.start()
      return reader
    },
  }

  async function openReader(split: FileSplit, context: ReaderContext): Promise<FileReader<T>> {
    const { operatorId } = context
    const where = `source '${operatorId}'`
    let file: Awaited<ReturnType<typeof open>> | undefined
    try {
      file = await open(split.path, 'r')
      const { size } = await file.stat()
      if (size < split.bytes) {
        throw new TidemarkError({
          code: 'FILE_CHANGED',
          domain: 'user',
          operatorId,
          location: split.path,
          message:
            `${where}: ${split.path} had ${split.bytes} bytes when the job first saw it and has ${size} now; ` +
            'put the file back, or start the job afresh',
        })
      }
      const gzip = await isGzip(file)
      return new FileReader(file, split, {
        context,
        options: { format, policy: onMalformed, maxRecordBytes, bufferBytes, gzip },
      })
    } catch (thrown) {
      await file?.close()
      throw fileError(thrown, { where, path: split.path, operatorId })
    }
  }
}

interface FindOptions {
  readonly known: ReadonlySet<string>
  readonly where: string
  readonly operatorId: string
}

async function findFiles(given: readonly string[], options: FindOptions): Promise<readonly FileSplit[]> {
  const { known, where, operatorId } = options
  const found = new Map<string, FileSplit>()
  for (const path of given) {
    const id = normalize(path)
    // What was found once may be gone once it is read.
    if (known.has(id)) continue
    try {
      const facts = await stat(path)
      const candidates = facts.isDirectory() ? (await readdir(path)).sort().map((name) => join(path, name)) : [path]
      for (const candidate of candidates) {
        const split = await splitOf(candidate, { listed: facts.isDirectory(), where, operatorId })
        if (split && !known.has(split.id)) found.set(split.id, split)
      }
    } catch (thrown) {
      throw fileError(thrown, { where, path, operatorId })
    }
  }
  return [...found.values()]
}

async function splitOf(
  path: string,
  { listed, where, operatorId }: { readonly listed: boolean; readonly where: string; readonly operatorId: string },
): Promise<FileSplit | undefined> {
  const id = normalize(path)
  const name = id.slice(id.lastIndexOf('/') + 1)
  if (listed && name.startsWith('.')) return undefined
  const facts = await stat(path)
  if (facts.isFile()) return { id, path, bytes: facts.size, offset: 0, records: 0 }
  if (listed) return undefined
  throw new TidemarkError({
    code: 'FILE_NOT_REGULAR',
    domain: 'user',
    operatorId,
    message: `${where}: ${path} is neither a file nor a folder; pipes and devices cannot be read again after a restart`,
  })
}

function invalid(message: string): TidemarkError {
  return new TidemarkError({ code: 'OPTION_INVALID', domain: 'user', message: `files: ${message}` })
}
