export type { ReportInput, RunFact, RunFacts } from './input.js'
export { renderReport } from './page.js'
export { airportAverages, type HottestCellsOptions, hottestCells, type TableOptions, usesColour } from './table.js'
export { writeReport } from './write.js'
