import type { DeadLetter, Sink } from 'tidemark'
import { deadLetterLines, fileSink } from 'tidemark/file'
import { type OpenSearchOptions, openSearch } from 'tidemark/opensearch'
import { s3Sink } from 'tidemark/s3'
import type { BusyArea, PickupCount, TripDuration } from '../documents.js'
import { busyAreaId, pickupCountId, tripDurationId } from '../documents.js'
import { connectionOf } from '../opensearch/connection.js'
import { BUSY_AREA, PICKUP_COUNT, TRIP_DURATION, templateOf } from '../opensearch/indices.js'
import type { OutputParameters } from './parameters.js'

type Parameters = OutputParameters & { readonly opensearch: string }

export const pickupCountDocuments = (parameters: Parameters): Sink<PickupCount> =>
  documents(parameters, PICKUP_COUNT, pickupCountId)

export const tripDurationDocuments = (parameters: Parameters): Sink<TripDuration> =>
  documents(parameters, TRIP_DURATION, tripDurationId)

export const busyAreaDocuments = (parameters: Parameters): Sink<BusyArea> =>
  documents(parameters, BUSY_AREA, busyAreaId)

/** With the mappings of the index, put before the first document. What OpenSearch does not take is kept. */
function documents<T extends object>(parameters: Parameters, index: string, id: OpenSearchOptions<T>['id']): Sink<T> {
  return openSearch<T>({
    ...connectionOf(parameters.opensearch),
    index: `${parameters.indexPrefix}${index}`,
    id,
    templates: [templateOf(index, parameters.indexPrefix)],
    onRejected: { deadLetters: rejectedDocuments(parameters, index) },
  })
}

function rejectedDocuments({ out, s3, s3Endpoint }: Parameters, index: string): Sink<DeadLetter> {
  const format = deadLetterLines()
  const folder = `rejected_documents/${index}`
  if (s3 === undefined) return fileSink({ path: `${out}/${folder}`, staging: `${out}/.staging`, format })
  return s3Sink({ to: `${s3}/${folder}`, format, ...(s3Endpoint === undefined ? {} : { endpoint: s3Endpoint }) })
}
