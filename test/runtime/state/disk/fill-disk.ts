import { TidemarkError } from '../../../../core/errors.js'
import { KeyedState } from '../../../../core/state/keyed-state.js'
import { systemEnvironment } from '../../../../runtime/environment/system.js'
import { openDiskLeaves } from '../../../../runtime/state/disk/disk-leaves.js'

/* A process of its own: adds state until there is no room for it, and prints the error. */
const disk = await openDiskLeaves({ environment: systemEnvironment(), directory: process.argv[2] ?? '', cacheBytes: 0 })
const state = new KeyedState({ operatorId: 'totals', range: { first: 0, end: 1 }, leaves: disk.storeFor('totals') })
const value = state.value<string>({ kind: 'value', name: 'value' })
try {
  for (let key = 0; key < 100_000; key++) {
    state.setCurrentKey(key, 0)
    value.update('x'.repeat(1000))
    if (key % 100 === 0) state.trim()
  }
  console.log('{}')
} catch (error) {
  if (!(error instanceof TidemarkError)) throw error
  const { code, operatorId, retryable, message } = error
  console.log(JSON.stringify({ code, operatorId, retryable, message }))
}
await disk.close()
