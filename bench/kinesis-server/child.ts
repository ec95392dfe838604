import { startLocalKinesis } from 'tidemark/testing'
import { startBareServer } from './bare-server.js'
import type { ServerCase } from './case.js'

const serverCase = JSON.parse(process.argv[2] ?? '') as ServerCase
const { url } =
  serverCase.kind === 'bare'
    ? await startBareServer(serverCase.recordBytes, serverCase.pageRecords)
    : await startLocalKinesis({
        takeoverMs: 0,
        ...(serverCase.directory === undefined ? {} : { directory: serverCase.directory }),
        ...(serverCase.fsync === undefined ? {} : { fsync: serverCase.fsync }),
      })
console.log(url)
