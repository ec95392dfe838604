import { millis } from '../../../../core/duration.js'
import type { Environment } from '../../../../core/environment.js'
import { systemEnvironment } from '../../../../runtime/environment/system.js'
import type { ObjectStore } from '../../../../runtime/storage/object-store.js'
import { openStore } from '../../../../runtime/storage/open-store.js'
import type { S3StoreOptions } from '../../../../runtime/storage/s3/options.js'
import type { LocalS3 } from '../../../servers/s3/index.js'

/** Time as it is, but for pauses before another attempt, which take a hundredth. */
export function hastyEnvironment(): Environment {
  const environment = systemEnvironment()
  return {
    ...environment,
    timers: { after: (delayMs, callback) => environment.timers.after(delayMs / 100, callback) },
  }
}

/** `timeoutMs` in real time. */
export async function storeAt(
  server: LocalS3,
  location: string,
  options: S3StoreOptions & { readonly timeoutMs?: number } = {},
): Promise<ObjectStore> {
  const { timeoutMs = 5000, ...s3 } = options
  return await openStore(location, {
    environment: hastyEnvironment(),
    s3: {
      ...(s3.client ? {} : { endpoint: server.endpoint, clientConfig: { credentials: server.credentials } }),
      timeout: millis(timeoutMs * 100),
      ...s3,
    },
  })
}
