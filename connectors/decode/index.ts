export { type CloudWatchLogEvent, type CloudWatchLogsOptions, cloudWatchLogs } from './cloudwatch-logs.js'
export { type CsvRowsOptions, csvRows } from './csv-rows.js'
export { type GunzipOptions, gunzip } from './gunzip.js'
