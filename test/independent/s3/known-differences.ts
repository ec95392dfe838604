export interface KnownDifference {
  readonly scenario: string
  /** Of the paths below the scenario. */
  readonly path: RegExp
  /** Why the local S3 answers otherwise. */
  readonly why: string
}

const ANY = /./

/** By server. What stands here is understood: the other one leaves out, or gets wrong, what S3's documentation says. */
export const knownDifferences: Readonly<Record<string, readonly KnownDifference[]>> = {
  moto: [
    { scenario: 'ranges', path: /^lines/, why: 'takes any unit for bytes' },
    {
      scenario: 'reads under conditions',
      path: /^matchButModified$/,
      why: 'looks at the date although the ETag fits; S3 documents 200',
    },
    { scenario: 'deleting many keys', path: /^quiet/, why: 'does not know Quiet' },
    { scenario: 'deleting many keys', path: /^tooMany$/, why: 'has no limit of 1000 keys' },
    { scenario: 'copies', path: /^if/, why: 'ignores some conditions on the source' },
    {
      scenario: 'encryption is echoed',
      path: /^default/,
      why: 'S3 encrypts everything since 2023, moto does not say so',
    },
    { scenario: 'what is too long', path: ANY, why: 'checks neither keys nor metadata' },
    {
      scenario: 'conditions on CompleteMultipartUpload',
      path: ANY,
      why: 'ignores If-Match there, which makes the rest differ',
    },
    {
      scenario: 'eight racers complete uploads of one new key',
      path: ANY,
      why: 'checks and writes in two steps, so that several racers may win',
    },
    { scenario: 'conditions on the destination of a copy', path: ANY, why: 'does not know them' },
    { scenario: 'conditions on DeleteObject', path: ANY, why: 'does not know *' },
    { scenario: 'conditions that S3 does not have', path: ANY, why: 'takes what S3 refuses' },
    {
      scenario: 'checksums in headers are stored, returned and verified',
      path: ANY,
      why: 'stores what it is told without computing it, and has no types of checksums',
    },
    { scenario: 'Content-MD5', path: /^(other|nonsense)$/, why: 'ignores it' },
    { scenario: 'an upload with a checksum of its parts', path: ANY, why: 'has no checksums of uploads' },
    { scenario: 'an upload with a checksum of the whole', path: ANY, why: 'has no checksums of uploads' },
    {
      scenario: 'parts become one object',
      path: /^again$/,
      why: 'remembers completed uploads; S3 does for a while, and then not: the local S3 has the harder case',
    },
    {
      scenario: 'lists of parts that do not fit',
      path: /^order$/,
      why: 'both are wrong in that request, and another one is found first',
    },
    { scenario: 'uploads that are gone', path: /^(part|complete)$/, why: 'fails inside' },
    { scenario: 'part numbers that are none', path: /^zero$/, why: 'takes 0 for no part number' },
    { scenario: 'uploads in pages', path: ANY, why: 'neither orders nor pages them, and knows no delimiter' },
    { scenario: 'parts copied from an object', path: /^beyond$/, why: 'cuts a range that is too long' },
    { scenario: 'a part read by its number', path: ANY, why: 'does not know part numbers in reads' },
    {
      scenario: 'pages, prefixes and delimiters',
      path: /^startAfterInFolders$/,
      why: 'leaves out a folder that begins before the key to start after, though keys of it come behind that; not documented',
    },
    { scenario: 'more than a thousand keys', path: ANY, why: 'gives pages as long as one asks for' },
    { scenario: 'requests that make no sense', path: /^token$/, why: 'fails inside' },
    { scenario: 'buckets', path: /^badName$/, why: 'takes names that S3 refuses' },
  ],
}
