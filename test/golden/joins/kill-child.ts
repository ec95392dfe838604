import { runGoldenChild } from '../resumed-child.js'
import { joins } from './job.js'

await runGoldenChild(joins)
