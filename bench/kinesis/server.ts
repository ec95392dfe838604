import { startLocalKinesis } from 'tidemark/testing'

/*
 * The local Kinesis in a process of its own, its limits off: what it uses of the processor is not the reader's. It ends with
 * the one that started it.
 */
const server = await startLocalKinesis({ takeoverMs: 0 })
process.once('disconnect', () => process.exit())
process.send?.(server.url)
