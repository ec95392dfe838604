import { messageOf, TidemarkError } from '../../../core/errors.js'

export interface JsonBytesOptions {
  /** Whether each record ends in a line's end, as readers of concatenated records want it. Default false. */
  readonly newline?: boolean
}

/** For `encode`: each row as one JSON document in UTF-8. A row without a JSON form is rejected. */
export function jsonBytes<T = unknown>(options: JsonBytesOptions = {}): (row: T) => string {
  const end = options.newline === true ? '\n' : ''
  return (row) => {
    let json: string | undefined
    try {
      json = JSON.stringify(row)
    } catch (thrown) {
      throw noForm(messageOf(thrown), thrown)
    }
    if (json === undefined) throw noForm(`it is a ${typeof row}`)
    return json + end
  }
}

function noForm(why: string, cause?: unknown): TidemarkError {
  const message = `the row has no JSON form: ${why}`
  return new TidemarkError({ code: 'ROW_INVALID', domain: 'user', message, ...(cause === undefined ? {} : { cause }) })
}
