import { appendFile, truncate } from 'node:fs/promises'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { encodeTaxiEvent } from '../../../../examples/taxi/events/index.js'
import { describeUnreadable, openTrips } from '../../../../examples/taxi/trips/index.js'
import { readAll, temporaryFolder } from './files.js'

const file = temporaryFolder()

/** The headers of the TLC's files with one row of each, as they were published. */
const VARIANTS = {
  'yellow 2009': [
    'vendor_name,Trip_Pickup_DateTime,Trip_Dropoff_DateTime,Passenger_Count,Trip_Distance,Start_Lon,Start_Lat,Rate_Code,store_and_forward,End_Lon,End_Lat,Payment_Type,Fare_Amt,surcharge,mta_tax,Tip_Amt,Tolls_Amt,Total_Amt',
    'VTS,2016-01-02 20:18:04,2016-01-02 20:32:14,1,2.6,-73.966,40.7586,,,-73.9798,40.761,CASH,8.9,0.5,,0,0,10.8',
  ],
  'yellow 2010 to 2013': [
    'vendor_id,pickup_datetime,dropoff_datetime,passenger_count,trip_distance,pickup_longitude,pickup_latitude,rate_code,store_and_fwd_flag,dropoff_longitude,dropoff_latitude,payment_type,fare_amount,surcharge,mta_tax,tip_amount,tolls_amount,total_amount',
    'CMT,2016-01-02 20:18:04,2016-01-02 20:32:14,1,1.1,-73.966,40.7586,1,0,-73.9798,40.761,CAS,6.1,0,0.5,0,0,10.8',
  ],
  'yellow 2014, with spaces and a blank second line': [
    'vendor_id, pickup_datetime, dropoff_datetime, passenger_count, trip_distance, pickup_longitude, pickup_latitude, rate_code, store_and_fwd_flag, dropoff_longitude, dropoff_latitude, payment_type, fare_amount, surcharge, mta_tax, tip_amount, tolls_amount, total_amount',
    '',
    'CMT,2016-01-02 20:18:04,2016-01-02 20:32:14,1,0.7,-73.966,40.7586,1,N,-73.9798,40.761,CRD,6.5,0,0.5,1.4,0,10.8',
  ],
  'yellow 2015 and 2016': [
    'VendorID,tpep_pickup_datetime,tpep_dropoff_datetime,passenger_count,trip_distance,pickup_longitude,pickup_latitude,RatecodeID,store_and_fwd_flag,dropoff_longitude,dropoff_latitude,payment_type,fare_amount,extra,mta_tax,tip_amount,tolls_amount,improvement_surcharge,total_amount',
    '2,2016-01-02 20:18:04,2016-01-02 20:32:14,4,0.94,-73.966,40.7586,1,N,-73.9798,40.761,2,9.5,0.5,0.5,0.0,0.0,0.3,10.8',
  ],
  'green 2013 to 2014, with more fields than names': [
    'VendorID,lpep_pickup_datetime,Lpep_dropoff_datetime,Store_and_fwd_flag,RateCodeID,Pickup_longitude,Pickup_latitude,Dropoff_longitude,Dropoff_latitude,Passenger_count,Trip_distance,Fare_amount,Extra,MTA_tax,Tip_amount,Tolls_amount,Ehail_fee,Total_amount,Payment_type,Trip_type ',
    '2,2016-01-02 20:18:04,2016-01-02 20:32:14,N,1,-73.966,40.7586,-73.9798,40.761,5,.00,21,0,0,0,0,,10.8,2,,,',
  ],
  'green 2015 and 2016': [
    'VendorID,lpep_pickup_datetime,Lpep_dropoff_datetime,Store_and_fwd_flag,RateCodeID,Pickup_longitude,Pickup_latitude,Dropoff_longitude,Dropoff_latitude,Passenger_count,Trip_distance,Fare_amount,Extra,MTA_tax,Tip_amount,Tolls_amount,Ehail_fee,improvement_surcharge,Total_amount,Payment_type,Trip_type ',
    '2,2016-01-02 20:18:04,2016-01-02 20:32:14,N,1,-73.966,40.7586,-73.9798,40.761,1,1.88,9.5,0,0.5,0,0,,0.3,10.8,2,1',
  ],
  'open-data portal': [
    'vendorid,lpep_pickup_datetime,lpep_dropoff_datetime,pickup_longitude,pickup_latitude,dropoff_longitude,dropoff_latitude,total_amount',
    '2,01/02/2016 08:18:04 PM,1/2/2016 20:32:14,-73.966,40.7586,-73.9798,40.761,10.8',
  ],
} as const

const JANUARY_TRIP = {
  type: 'trip',
  tripId: undefined,
  pickupLatitude: 40.7586,
  pickupLongitude: -73.966,
  dropoffLatitude: 40.761,
  dropoffLongitude: -73.9798,
  totalAmount: 10.8,
  pickupTime: Date.UTC(2016, 0, 2, 20, 18, 4),
  dropoffTime: Date.UTC(2016, 0, 2, 20, 32, 14),
}

const HEADER =
  'trip_id,pickup_datetime,dropoff_datetime,pickup_longitude,pickup_latitude,dropoff_longitude,dropoff_latitude'
const ROW = '65,2013-01-01 00:00:09,2013-01-01 00:00:36,-73.99221,40.725124,-73.991646,40.726658'
const csv = (...rows: readonly string[]): string => `${[HEADER, ...rows].join('\n')}\n`

describe('a CSV file', () => {
  it.each(Object.entries(VARIANTS))('of %s is read, with LF, CRLF, and a byte order mark', async (name, lines) => {
    for (const text of [lines.join('\n'), `${lines.join('\r\n')}\r\n`, `\ufeff${lines.join('\n')}`]) {
      const { trips, reading } = await readAll(await file(`${name}.csv`, text))
      expect(trips).toEqual([JANUARY_TRIP])
      expect([reading.rows, reading.unreadable, reading.files]).toEqual([1, 0, 1])
    }
  })

  it('of the 2013 records without fares, with spaces in its header, is read', async () => {
    const { trips } = await readAll(
      await file(
        'foil.csv',
        'medallion, hack_license, vendor_id, rate_code, store_and_fwd_flag, pickup_datetime, dropoff_datetime, passenger_count, trip_time_in_secs, trip_distance, pickup_longitude, pickup_latitude, dropoff_longitude, dropoff_latitude\n' +
          '89D2,BA96,CMT,1,N,2016-01-02 20:18:04,2016-01-02 20:32:14,4,382,1.00,-73.966,40.7586,-73.9798,40.761\n',
      ),
    )
    expect(trips).toEqual([{ ...JANUARY_TRIP, totalAmount: undefined }])
  })

  it('has the trip id, as a number where it is one', async () => {
    const ids = ['65', 'id0042', '007', '9007199254740993', '']
    const { trips } = await readAll(await file('ids.csv', csv(...ids.map((id) => ROW.replace('65', id)))))
    expect(trips.map((trip) => trip.tripId)).toEqual([65, 'id0042', '007', '9007199254740993', undefined])
  })

  it('may have quoted fields, quoted headers and instants with a zone', async () => {
    const quoted = csv(ROW, ROW.replace('2013-01-01 00:00:36', '2013-01-01T00:00:36+01:00').replace('65', 'a ""b"", c'))
      .trimEnd()
      .split('\n')
      .map((line) =>
        line
          .split(/,(?! )/)
          .map((field) => `"${field}"`)
          .join(','),
      )
    const { trips } = await readAll(await file('quoted.csv', quoted.join('\r\n')))
    expect(trips.map((trip) => trip.tripId)).toEqual([65, 'a "b", c'])
    expect(trips[0]!.dropoffTime - trips[1]!.dropoffTime).toBe(3_600_000)
  })

  it('loses no more than its own row to a stray quote', async () => {
    const rows = [ROW, ROW.replace('65', '"65'), ROW.replace('65', '6"5'), ROW.replace('40.726658', '"40.7'), ROW]
    const { trips, reading } = await readAll(await file('stray.csv', csv(...rows)))
    expect(trips.map((trip) => trip.tripId)).toEqual([65, '"65', '6"5', 65])
    expect(reading.samples.map(({ line, found }) => [line, found])).toEqual([[5, '\\"40.7']])
  })

  it('that was put together from several ones may change its columns at each header', async () => {
    const [header, row] = VARIANTS['yellow 2009']
    const { trips, reading } = await readAll(await file('together.csv', `${csv(ROW, HEADER, ROW)}${header}\n${row}\n`))
    expect(trips.map((trip) => trip.tripId)).toEqual([65, 65, undefined])
    expect(trips[2]).toEqual(JANUARY_TRIP)
    expect([...reading.ignoredByCause]).toEqual([['a header in the middle of the file', 2]])
    expect([reading.rows, reading.ignored, reading.unreadable]).toEqual([5, 2, 0])
  })

  it('with only a header has no trips', async () => {
    const { trips, reading } = await readAll(await file('header.csv', HEADER))
    expect([trips.length, reading.rows]).toEqual([0, 0])
  })
})

describe('a row that cannot be read', () => {
  it.each([
    ['a time is missing', ROW.replace('2013-01-01 00:00:36', '')],
    ['a time cannot be read, or lies before 1970', ROW.replace('2013-01-01 00:00:36', '2013-02-30 00:00:36')],
    ['a time cannot be read, or lies before 1970', ROW.replace('2013-01-01 00:00:09', '1900-01-01 00:00:00')],
    ['a coordinate is missing', ROW.replace('40.725124', ' ')],
    ['a coordinate is missing', ROW.slice(0, ROW.lastIndexOf(','))],
    ['a coordinate is not a number', ROW.replace('40.725124', 'NaN')],
    ['a coordinate is not a number', ROW.replace('40.725124', '1e999')],
    ['a coordinate is not a number', ROW.replace('40.725124', '0x28')],
    ['a coordinate is not a number', ROW.replace('40.725124', '40,7').replace('40,7', '"40,7"')],
    ['a time is missing', ',,,,,'],
    ['a time is missing', 'garbage'],
  ])('is counted: %s in %s', async (cause, row) => {
    const { trips, reading } = await readAll(await file('unreadable.csv', csv(ROW, row, ROW)))
    expect(trips.length).toBe(2)
    expect([...reading.unreadableByCause]).toEqual([[cause, 1]])
    expect([reading.rows, reading.unreadable]).toEqual([3, 1])
    expect(reading.samples[0]!.line).toBe(3)
  })

  it('is shown with its file and line, the first few of each cause', async () => {
    const bad = ROW.replace('40.725124', 'north\u0007')
    const path = await file(
      'shown.csv',
      csv(ROW, bad, bad, '', bad, bad, ROW.replace('2013-01-01 00:00:36', 'x'.repeat(99))),
    )
    const { reading } = await readAll(path)
    expect(describeUnreadable(reading)).toEqual([
      '4 rows unreadable: a coordinate is not a number',
      `  ${path}:3: 'north\\u0007'`,
      `  ${path}:4: 'north\\u0007'`,
      `  ${path}:6: 'north\\u0007'`,
      '1 row unreadable: a time cannot be read, or lies before 1970',
      `  ${path}:8: '${'x'.repeat(60)}...'`,
    ])
  })

  it('may be longer than 1 MB without being kept', async () => {
    for (const length of [1_100_000, 5_000_000]) {
      const path = await file('long.csv', `${csv(ROW, 'x'.repeat(length), ROW)}${'y'.repeat(length)}`)
      const { trips, reading } = await readAll(path)
      expect(trips.length).toBe(2)
      expect([...reading.unreadableByCause]).toEqual([['the line is longer than 1 MB', 2]])
      expect(reading.samples.map((sample) => sample.line)).toEqual([3, 5])
    }
  })

  it('may have bytes that are not UTF-8', async () => {
    const path = await file(
      'latin1.csv',
      Buffer.from(csv(ROW.replace('65', 'caf\u00e9'), ROW.replace('40.7', '\u00e9')), 'latin1'),
    )
    const { trips, reading } = await readAll(path)
    expect([trips.length, reading.unreadable]).toEqual([1, 1])
  })
})

describe('JSON lines', () => {
  it('are read as the events are written, watermark markers left out', async () => {
    const watermark = encodeTaxiEvent({ type: 'watermark', watermark: 0 })
    const trip = encodeTaxiEvent({ ...JANUARY_TRIP, type: 'trip', tripId: 'a' })
    const { trips, reading } = await readAll(await file('events.txt', Buffer.concat([watermark, trip, trip])))
    expect(trips).toEqual([
      { ...JANUARY_TRIP, tripId: 'a' },
      { ...JANUARY_TRIP, tripId: 'a' },
    ])
    expect([...reading.ignoredByCause]).toEqual([['a watermark marker', 1]])
  })

  it('may lack the type, have numbers as text and times without a zone', async () => {
    const line = JSON.stringify({
      pickup_datetime: '2016-01-02 20:18:04',
      dropoff_datetime: '2016-01-02T20:32:14',
      pickup_longitude: '-73.966',
      pickup_latitude: 40.7586,
      dropoff_longitude: -73.9798,
      dropoff_latitude: ' 40.761 ',
      total_amount: '10.8',
    })
    const { trips } = await readAll(await file('loose.jsonl', line))
    expect(trips).toEqual([JANUARY_TRIP])
  })

  it('that cannot be read are counted by cause, the first line included', async () => {
    const trip = new TextDecoder().decode(encodeTaxiEvent({ ...JANUARY_TRIP, type: 'trip' })).trim()
    const bad = [trip.slice(0, -5), '[1]', 'null', '{}', '{"type":"bus"}', trip.replace('40.761', 'null')]
    const { trips, reading } = await readAll(await file('bad.jsonl', ['x', trip, ...bad, trip].join('\r\n')))
    expect(trips.length).toBe(2)
    expect(Object.fromEntries(reading.unreadableByCause)).toEqual({
      'the line is not a JSON object': 4,
      'a time is missing': 1,
      'the event is of another type': 1,
      'a coordinate is missing': 1,
    })
  })
})

describe('rides of the Flink training', () => {
  it('are trips at their END event', async () => {
    const path = await file(
      'rides.csv',
      '6,START,2016-01-02 20:18:04,1970-01-01 00:00:00,-73.966,40.7586,-73.9798,40.761,6,1,2\n' +
        '6,END,2016-01-02 20:32:14,2016-01-02 20:18:04,-73.966,40.7586,-73.9798,40.761,6,1,2\n' +
        '6,STOP,2016-01-02 20:32:14,2016-01-02 20:18:04,-73.966,40.7586,-73.9798,40.761,6,1,2\n',
    )
    const { trips, reading } = await readAll(path)
    expect(trips).toEqual([{ ...JANUARY_TRIP, tripId: 6, totalAmount: undefined }])
    expect([...reading.ignoredByCause]).toEqual([['a START event', 1]])
    expect([...reading.unreadableByCause]).toEqual([['the event is neither START nor END', 1]])
  })
})

describe('gzip', () => {
  it('is known by its first bytes, not by its name, and may have several members', async () => {
    const members = Buffer.concat([gzipSync(csv(ROW)), gzipSync(`${ROW}\n`)])
    const { trips } = await readAll(await file('no-suffix', members), await file('plain.csv.gz', csv(ROW)))
    expect(trips.length).toBe(3)
  })

  it('that ends too early or is damaged is an error that names the file: what is missing is unknown', async () => {
    const whole = gzipSync(csv(...Array.from({ length: 50_000 }, (_, id) => ROW.replace('65', String(id * 7919)))))
    const cut = await file('cut.csv.gz', whole)
    await truncate(cut, whole.length - 1000)
    await expect(readAll(cut)).rejects.toMatchObject({
      code: 'TRIPS_FILE_DAMAGED',
      message: expect.stringContaining(cut),
    })
    const flipped = Buffer.from(whole)
    flipped.fill(0, 1000, 1100)
    const damaged = await file('damaged.csv.gz', flipped)
    await expect(readAll(damaged)).rejects.toMatchObject({ code: 'TRIPS_FILE_DAMAGED' })
  })
})

describe('a file that is refused', () => {
  const ZONES =
    'VendorID,tpep_pickup_datetime,tpep_dropoff_datetime,passenger_count,trip_distance,RatecodeID,store_and_fwd_flag,PULocationID,DOLocationID,payment_type,total_amount\n' +
    '1,2016-07-01 00:00:00,2016-07-01 00:10:00,1,1,1,N,4,5,1,10\n'

  it.each([
    ['without coordinates', ZONES, /has no coordinates \(pickup_longitude.*PULocationID.*July 2016/],
    ['without drop-off times', HEADER.replace('dropoff_datetime', 'x'), /has no column dropoff_datetime/],
    ['without a header', `${ROW}\n`, /begins with no header of a trip file: .*found "65,2013/],
    ['that is empty', '', /is empty: expected a header or JSON lines/],
    ['of blank lines', '\ufeff\r\n\n', /is empty/],
    ['that is an array of JSON', '[{"type":"trip"}]', /is a JSON array: JSON lines are read/],
    ['of Parquet', 'PAR1\u0015\u0004', /is not text/],
    ['in UTF-16', Buffer.from(`\ufeff${HEADER}`, 'utf16le'), /is not text/],
  ])('%s says why, in one line', async (_what, contents, message) => {
    const path = await file('refused.csv', contents)
    const refusal = expect(openTrips([path])).rejects
    await refusal.toMatchObject({ code: 'TRIPS_FILE_REFUSED', domain: 'user' })
    await refusal.toThrow(message)
    await expect(openTrips([path])).rejects.toThrow(/^[^\n]*refused\.csv[^\n]*$/)
  })

  it('is found before any other is read', async () => {
    const good = await file('good.csv', csv(ROW))
    await expect(openTrips([good, await file('zones.csv', ZONES)])).rejects.toThrow(/PULocationID/)
    await expect(openTrips([good, `${good}.missing`])).rejects.toMatchObject({
      code: 'TRIPS_FILE_UNREADABLE',
      message: `${good}.missing: cannot be read: there is no such file`,
    })
    await expect(openTrips([good.slice(0, good.lastIndexOf('/'))])).rejects.toThrow(/cannot be read: it is a directory/)
  })
})

describe('reading', () => {
  it('keeps pace with its consumer: rows that are appended behind the chunk in work are still read', async () => {
    const rows = Array.from({ length: 20_000 }, () => ROW)
    const path = await file('growing.csv', csv(...rows))
    const source = await openTrips([path])
    let trips = 0
    let isFirst = true
    for await (const batch of source.trips) {
      if (isFirst) await appendFile(path, `${ROW}\n`)
      isFirst = false
      expect(batch.length).toBeLessThan(10_000)
      trips += batch.length
      expect(source.reading.trips).toBe(trips)
    }
    expect(trips).toBe(20_001)
  })
})
