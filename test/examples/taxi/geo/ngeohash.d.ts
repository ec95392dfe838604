declare module 'ngeohash' {
  const ngeohash: {
    encode(latitude: number, longitude: number, precision: number): string
    decode_bbox(hash: string): [minLatitude: number, minLongitude: number, maxLatitude: number, maxLongitude: number]
  }
  export default ngeohash
}
