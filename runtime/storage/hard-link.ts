import { link as linkFile } from 'node:fs/promises'
import { messageOf, TidemarkError } from '../../core/errors.js'

/** What file systems without hard links answer. EPERM is Linux's word for it (link(2)); no lack of rights gives that. */
const WITHOUT_LINKS: ReadonlySet<unknown> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'])

/**
 * Gives a finished file its name, unless that is taken: the one conditional create that file systems have.
 * @throws TidemarkError STORAGE_WITHOUT_LINKS
 */
export async function linkNew(
  from: string,
  to: string,
  options: { readonly root: string; readonly link?: typeof linkFile },
): Promise<'created' | 'exists'> {
  const { root, link = linkFile } = options
  try {
    await link(from, to)
    return 'created'
  } catch (error) {
    const code = (error as { readonly code?: unknown }).code
    if (code === 'EEXIST') return 'exists'
    if (!WITHOUT_LINKS.has(code)) throw error
    throw new TidemarkError({
      code: 'STORAGE_WITHOUT_LINKS',
      domain: 'storage',
      message:
        `the file system of ${root} has no hard links (${messageOf(error)}), without which a file cannot be created only ` +
        'where there is none: choose a folder on a disk that has them (ext4, xfs, APFS, NTFS), or s3://',
      cause: error,
    })
  }
}
