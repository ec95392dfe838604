import { runGoldenChild } from '../resumed-child.js'
import { windows } from './job.js'

await runGoldenChild(windows)
