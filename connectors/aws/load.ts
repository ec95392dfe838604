import { TidemarkError } from '../../core/errors.js'

/** An optional peer dependency, and what installs it. */
export interface Peer<M> {
  /** Who needs it, for messages. */
  readonly where: string
  readonly packages: string
  readonly load: () => Promise<M>
}

/** @throws TidemarkError DEPENDENCY_MISSING with the command that installs it */
export async function loadPeer<M>({ where, packages, load }: Peer<M>): Promise<M> {
  try {
    return await load()
  } catch (thrown) {
    if ((thrown as { readonly code?: unknown }).code !== 'ERR_MODULE_NOT_FOUND') throw thrown
    throw new TidemarkError({
      code: 'DEPENDENCY_MISSING',
      domain: 'user',
      message: `${where}: the AWS SDK is not installed, or not all of it; run: npm i ${packages}`,
      cause: thrown,
    })
  }
}
