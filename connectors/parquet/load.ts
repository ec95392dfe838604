import type * as HyparquetWriter from 'hyparquet-writer'
import { messageOf, TidemarkError } from '../../core/errors.js'

export type ParquetLibrary = Pick<typeof HyparquetWriter, 'ByteWriter' | 'ParquetWriter'>

/**
 * The optional peer dependency, loaded when the first Parquet sink starts.
 * @throws TidemarkError DEPENDENCY_MISSING with the command that installs it
 */
export async function loadParquetLibrary(
  load: () => Promise<ParquetLibrary> = () => import('hyparquet-writer'),
): Promise<ParquetLibrary> {
  try {
    return await load()
  } catch (thrown) {
    throw new TidemarkError({
      code: 'DEPENDENCY_MISSING',
      domain: 'user',
      message: `the Parquet sink needs the package hyparquet-writer (${messageOf(thrown)}): npm i hyparquet-writer`,
      cause: thrown,
    })
  }
}
