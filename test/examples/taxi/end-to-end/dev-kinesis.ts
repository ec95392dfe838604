import { runDevKinesis } from '../../../servers/kinesis/index.js'

/*
 * `tidemark dev kinesis` with shards that are read as slowly as this says (bytes a second): so that a job is reading
 * when it is killed, and not starting. Enhanced fan-out has its usual speed. Records are taken as fast as they come.
 */
const readBytes = Number(process.argv[2])
await runDevKinesis({ limits: { readBytes, writeRecords: Infinity, writeBytes: Infinity } })
