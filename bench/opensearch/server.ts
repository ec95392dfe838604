import { startLocalOpenSearch } from 'tidemark/testing'

/* In a process of its own: what it uses of the processor is not the sink's. It ends with the one that started it. */
const server = await startLocalOpenSearch()
process.once('disconnect', () => process.exit())
process.send?.(server.url)
