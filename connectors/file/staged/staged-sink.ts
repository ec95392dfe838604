import type { CommitterContext, Sink, WriterContext } from '../../../core/connector.js'
import type { TidemarkError } from '../../../core/errors.js'
import { optionInvalid } from '../../../core/options.js'
import { type OnRejected, requireOnRejected } from '../../dead-letters/options.js'
import { withDeadLetters } from '../../dead-letters/with-dead-letters.js'
import { type Compression, EXTENSIONS, loadCompression } from '../compression/compressor.js'
import type { FileEncoder, FileSinkFormat } from '../format.js'
import {
  PARTITION_OPTIONS,
  type PartitionOptions,
  Partitions,
  type PrefixTemplate,
  prefixTemplate,
} from '../partition/partitions.js'
import { StagedCommitter } from './committer.js'
import type { FileFacts } from './entries.js'
import { InferringWriter } from './inferring-writer.js'
import { ROLLING_OPTIONS, type Rolling, type RollingOptions, rollingOf } from './rolling.js'
import type { OutputPlace, SinkStorage } from './storage.js'
import { StagedWriter } from './writer.js'

/** What all sinks that write files have in common. */
export interface StagedSinkOptions<T> extends PartitionOptions<T>, RollingOptions {
  /** Bytes that a subtask may hold that are not written yet; then it pushes back. */
  readonly bufferBytes?: number
  /**
   * Whether a folder gets an empty `_SUCCESS` when the watermark has passed its time and all its files are there. `prefix`
   * then has times without a gap from the year on. Default false.
   */
  readonly successMarkers?: boolean
  /** A row that the format or `prefix` cannot take. Default `fail`. */
  readonly onRejected?: OnRejected
}

/** Their names, for the sinks that check what they are given. */
export const STAGED_OPTIONS = {
  ...PARTITION_OPTIONS,
  ...ROLLING_OPTIONS,
  bufferBytes: true,
  successMarkers: true,
  onRejected: true,
} as const

/** The options, checked. */
export interface StagedSettings<T> {
  readonly format: FileSinkFormat<T>
  readonly compression: Compression | undefined
  /** With the dot. */
  readonly extension: string
  readonly template: PrefixTemplate<T>
  readonly rolling: Rolling
  readonly bufferBytes: number
  readonly marksPartitions: boolean
  readonly onRejected: OnRejected
  readonly shownFormat: string
}

export interface StagedDefaults {
  readonly bufferBytes: number
  /** What `!{name}` in the prefix is where it is no matter of the row. */
  readonly constants?: Readonly<Record<string, string>>
}

/** @throws TidemarkError OPTION_INVALID */
export function stagedSettings<T>(
  where: string,
  options: StagedSinkOptions<T> & {
    readonly format: FileSinkFormat<T>
    readonly compression?: Compression | undefined
  },
  defaults: StagedDefaults,
): StagedSettings<T> {
  const {
    format,
    compression,
    bufferBytes = defaults.bufferBytes,
    successMarkers = false,
    onRejected = 'fail',
  } = options
  if (compression !== undefined && format.isCompressed) {
    throw optionInvalid(where, `${format.name} compresses by itself: give its compression to the format`)
  }
  if (!(typeof bufferBytes === 'number' && bufferBytes > 0)) {
    throw optionInvalid(where, `bufferBytes is a number above 0, found ${bufferBytes}`)
  }
  requireOnRejected(where, onRejected)
  const template = prefixTemplate(where, options, defaults.constants)
  if (successMarkers && !template.isGapless) {
    throw optionInvalid(
      where,
      'successMarkers: a folder is over at some time only where prefix has !{timestamp:...} of the year and every unit ' +
        'down to the finest, such as !{timestamp:yyyy/MM/dd}',
    )
  }
  return {
    format,
    compression,
    extension: `${format.extension}${compression ? EXTENSIONS[compression] : ''}`,
    template,
    rolling: rollingOf(where, options, format),
    bufferBytes,
    marksPartitions: successMarkers,
    onRejected,
    shownFormat: compression ? `${format.name}, ${compression}` : format.name,
  }
}

/** Where a sink's files go. */
export interface StagedPlace<F extends FileFacts> {
  readonly kind: string
  /** For people. */
  readonly shown: string
  /** @param onProgress to be called whenever the storage holds less */
  storage(context: WriterContext, onProgress: () => void): Promise<SinkStorage>
  output(context: CommitterContext): OutputPlace<F> | Promise<OutputPlace<F>>
  failed(thrown: unknown, operatorId: string): TidemarkError
}

/** An exactly-once sink of files: unfinished ones that nobody sees, which the commit makes visible. */
export function stagedSink<T, F extends FileFacts>(settings: StagedSettings<T>, place: StagedPlace<F>): Sink<T> {
  const { format, compression, template, rolling, bufferBytes, marksPartitions, onRejected, shownFormat } = settings
  return withDeadLetters<T>(
    {
      kind: place.kind,
      guarantee: 'exactly-once',
      describe: () => `${place.shown} (${shownFormat})`,
      async write(context, reject) {
        const { operatorId } = context
        const where = `sink '${operatorId}'`
        const { inference } = format
        // First: it says what is not installed.
        const encoder = await format.load()
        const compressor = await loadCompression(where, compression)
        let onProgress = (): void => undefined
        const storage = await place.storage(context, () => onProgress())
        const files = (own: WriterContext, begin: () => FileEncoder<T>): StagedWriter<T> => {
          const writer = new StagedWriter<T>(own, {
            ...{ storage, encoder: begin, compressor, rolling, bufferBytes, marksPartitions, reject },
            partitions: new Partitions(operatorId, template),
            failed: (thrown) => place.failed(thrown, operatorId),
          })
          onProgress = () => writer.onProgress()
          return writer
        }
        if (inference) {
          return InferringWriter.open(context, { inference, bufferBytes, files, agreement: storage.agreement })
        }
        const writer = files(context, encoder)
        try {
          await writer.restore()
        } catch (thrown) {
          await writer.close()
          throw thrown
        }
        return writer
      },
      committer: async (context) =>
        new StagedCommitter(context, await place.output(context), format.inference !== undefined),
    },
    onRejected,
  )
}
