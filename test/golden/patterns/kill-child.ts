import { runGoldenChild } from '../resumed-child.js'
import { patterns } from './job.js'

await runGoldenChild(patterns)
