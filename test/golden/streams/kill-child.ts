import { runGoldenChild } from '../resumed-child.js'
import { streams } from './job.js'

await runGoldenChild(streams)
