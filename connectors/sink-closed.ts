import { TidemarkError } from '../core/errors.js'

/** For whoever waits for a sink that is closed meanwhile. */
export function sinkClosed(operatorId: string): TidemarkError {
  const message = `sink '${operatorId}' was closed; what was not in a checkpoint comes again after a restart`
  return new TidemarkError({ code: 'SINK_CLOSED', domain: 'connector', operatorId, retryable: true, message })
}
