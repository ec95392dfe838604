import { HeadObjectCommand } from '@aws-sdk/client-s3'
import { type Finding, outcome, type Scenario, streamOf } from '../subject.js'

const ALGORITHMS = ['CRC32', 'CRC32C', 'SHA1', 'SHA256'] as const
/** Of "123456789". */
const CRC32 = 'y/Q5Jg=='
/** Of nothing that a scenario writes. */
const OTHER = {
  CRC32: 'AAAAAA==',
  CRC32C: 'AAAAAA==',
  SHA1: 'AAAAAAAAAAAAAAAAAAAAAAAAAAA=',
  SHA256: 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=',
}

export const checksumScenarios: readonly Scenario[] = [
  {
    name: 'checksums in headers are stored, returned and verified',
    async run(s3) {
      const found: Record<string, Finding> = {}
      for (const algorithm of ALGORITHMS) {
        const field = `Checksum${algorithm}` as const
        const stored = await outcome(
          s3.put(algorithm, '123456789', { ChecksumAlgorithm: algorithm }),
          (answer) => answer[field],
        )
        const head = s3.client.send(
          new HeadObjectCommand({ Bucket: s3.bucket, Key: algorithm, ChecksumMode: 'ENABLED' }),
        )
        found[algorithm] = {
          stored,
          head: await outcome(head, (answer) => [answer[field], answer.ChecksumType]),
          wrong: await outcome(s3.put('wrong', '123456789', { [field]: OTHER[algorithm] })),
        }
      }
      return { ...found, wrongIsThere: await outcome(s3.get('wrong')) }
    },
  },
  {
    name: 'a stream with its checksum in a trailer',
    async run(s3) {
      const found: Record<string, Finding> = {}
      for (const algorithm of ALGORITHMS) {
        const more = { ContentLength: 9, ChecksumAlgorithm: algorithm }
        found[algorithm] = {
          stored: await outcome(
            s3.put(algorithm, streamOf('12345', '6789'), more),
            (answer) => answer[`Checksum${algorithm}`],
          ),
          text: await s3.text(algorithm).catch((thrown) => `${thrown.name}`),
        }
      }
      return found
    },
  },
  {
    name: 'Content-MD5',
    async run(s3) {
      const put = (ContentMD5: string) => outcome(s3.put('key', '123456789', { ContentMD5 }))
      return {
        fits: await put('JfnnlDI7RTiF9RgfG2JNCw=='),
        other: await put('AAAAAAAAAAAAAAAAAAAAAA=='),
        nonsense: await put('nonsense'),
      }
    },
  },
  {
    name: 'a range comes without the checksum of the whole',
    async run(s3) {
      await s3.put('key', '123456789')
      const get = (Range: string | undefined) =>
        outcome(s3.get('key', { Range, ChecksumMode: 'ENABLED' }), (answer) => answer.ChecksumCRC32 ?? 'none')
      return { range: await get('bytes=0-3'), whole: await get(undefined) }
    },
  },
  {
    name: 'an upload with a checksum of its parts',
    async run(s3) {
      const id = await s3.begin('key', { ChecksumAlgorithm: 'CRC32' })
      const part = await s3.part('key', id, 1, '123456789')
      const { PartNumber, ETag } = part
      return {
        part: part.ChecksumCRC32,
        unlisted: await outcome(s3.complete('key', id, [{ PartNumber, ETag }])),
        wrong: await outcome(s3.complete('key', id, [{ ...part, ChecksumCRC32: OTHER.CRC32 }])),
        fits: await outcome(s3.complete('key', id, [part]), (answer) => [answer.ChecksumCRC32, answer.ChecksumType]),
      }
    },
  },
  {
    name: 'an upload with a checksum of the whole',
    async run(s3) {
      const id = await s3.begin('key', { ChecksumAlgorithm: 'CRC32', ChecksumType: 'FULL_OBJECT' })
      const parts = [await s3.part('key', id, 1, '123456789')]
      const complete = (ChecksumCRC32: string) =>
        outcome(
          s3.complete('key', id, parts, { ChecksumCRC32, ChecksumType: 'FULL_OBJECT' }),
          (answer) => answer.ChecksumCRC32,
        )
      return { wrong: await complete(OTHER.CRC32), fits: await complete(CRC32) }
    },
  },
]
