/** One trip. Degrees, dollars, and times in epoch milliseconds. Every trip has the same fields in the same order. */
export interface TripEvent {
  readonly type: 'trip'
  readonly tripId: number | string | undefined
  readonly pickupLatitude: number
  readonly pickupLongitude: number
  readonly dropoffLatitude: number
  readonly dropoffLongitude: number
  readonly totalAmount: number | undefined
  readonly pickupTime: number
  /** The event time of a trip. */
  readonly dropoffTime: number
}

/** The replayer's promise that what follows in this shard has a later drop-off than `watermark`. */
export interface WatermarkEvent {
  readonly type: 'watermark'
  readonly watermark: number
}

export type TaxiEvent = TripEvent | WatermarkEvent
