/** What real Kinesis accepts in one call. MB there means MiB. */
export const MAX_RECORD_BYTES = 1024 * 1024
export const MAX_PUT_RECORDS = 500
export const MAX_PUT_BYTES = 5 * 1024 * 1024
export const MAX_GET_RECORDS = 10_000
export const MAX_GET_BYTES = 10 * 1024 * 1024
export const ITERATOR_LIFE_MS = 300_000
export const NEXT_TOKEN_LIFE_MS = 300_000

/** 5 MiB of data are 7 MiB of base64; the rest is room for partition keys written with JSON escapes. */
export const MAX_BODY_BYTES = 10 * 1024 * 1024
export const MAX_CONSUMERS = 20
export const MAX_CONSUMERS_IN_CREATION = 5
