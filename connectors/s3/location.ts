import { optionInvalid } from '../../core/options.js'

/** Where a sink's objects go. */
export interface S3Location {
  readonly bucket: string
  /** '' or `a/b/`. */
  readonly base: string
  /** As it was given, with a slash at its end. */
  readonly shown: string
}

const LOCATION = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*))?$/

/** @throws TidemarkError OPTION_INVALID */
export function locationOf(where: string, to: string): S3Location {
  const match = LOCATION.exec(String(to))
  const base = (match?.[2] ?? '').replace(/\/$/, '')
  const bucket = match?.[1]
  if (bucket === undefined || base.startsWith('/') || base.includes('//')) {
    throw optionInvalid(where, `to is s3://bucket or s3://bucket/folder, found '${String(to)}'`)
  }
  if (base.includes('!{'))
    throw optionInvalid(where, `to is a fixed place: what depends on the row belongs into prefix`)
  const folder = base === '' ? '' : `${base}/`
  return { bucket, base: folder, shown: `s3://${bucket}/${folder}` }
}
