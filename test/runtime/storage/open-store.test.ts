import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { S3Client } from '@aws-sdk/client-s3'
import { afterEach, describe, expect, it } from 'vitest'
import { seconds } from '../../../core/duration.js'
import { systemEnvironment } from '../../../runtime/environment/system.js'
import { openStore, parseLocation } from '../../../runtime/storage/open-store.js'
import { connect, loadS3Sdk } from '../../../runtime/storage/s3/client.js'
import { requireS3Options } from '../../../runtime/storage/s3/options.js'
import { bytes } from './conformance.js'

const environment = systemEnvironment()
const folders: string[] = []

afterEach(async () => {
  for (const made of folders.splice(0)) await rm(made, { recursive: true, force: true })
})

describe('a location', () => {
  it.each([
    ['state', { kind: 'folder', path: 'state' }],
    ['/var/state', { kind: 'folder', path: '/var/state' }],
    ['./a:b/c', { kind: 'folder', path: './a:b/c' }],
    ['C:\\state', { kind: 'folder', path: 'C:\\state' }],
    ['file:///var/my%20state', { kind: 'folder', path: '/var/my state' }],
    ['s3://bucket', { kind: 's3', bucket: 'bucket', prefix: '' }],
    ['s3://bucket/', { kind: 's3', bucket: 'bucket', prefix: '' }],
    ['s3://my.bucket/a/b-c_d', { kind: 's3', bucket: 'my.bucket', prefix: 'a/b-c_d' }],
    ['s3://bucket/a/b/', { kind: 's3', bucket: 'bucket', prefix: 'a/b' }],
    ['S3://bucket/a', { kind: 's3', bucket: 'bucket', prefix: 'a' }],
  ])('%s is understood', (location, expected) => {
    expect(parseLocation(location)).toEqual(expected)
  })

  it.each([
    ['', /empty/],
    ['s3:bucket/x', /begin with s3:\/\//],
    ['s3:/bucket/x', /begin with s3:\/\//],
    ['s3://', /name of the bucket is missing/],
    ['s3:///prefix', /name of the bucket is missing/],
    ['s3://a', /'a' is not the name of a bucket/],
    ['s3://user:secret@bucket/x', /is not the name of a bucket/],
    ['s3://127.0.0.1:9000/bucket', /an endpoint is an option of its own/],
    ['s3://bucket/x?endpoint=http://y', /has a '\?'/],
    ['s3://bucket/x#y', /or '#'/],
    ['s3://bucket/a//b', /single slashes/],
    ['s3://bucket//a', /single slashes/],
    ['s3://bucket/a/../b', /'\.\.'/],
    ['s3://bucket/a\nb', /single slashes/],
    [`s3://bucket/${'x'.repeat(501)}`, /longer than 500 bytes/],
    ['gs://bucket/x', /no storage for gs:\/\//],
    ['https://bucket.s3.amazonaws.com/x', /no storage for https:\/\//],
    ['file://host/x', /three slashes/],
  ])('%j is refused in words', (location, message) => {
    expect(() => parseLocation(location)).toThrow(
      expect.objectContaining({ code: 'STORAGE_LOCATION_INVALID', message: expect.stringMatching(message) }),
    )
  })
})

describe('opening', () => {
  it('a file URL gives the folder', async () => {
    const root = await mkdtemp(join(tmpdir(), 'tidemark-open-'))
    folders.push(root)
    const store = await openStore(pathToFileURL(join(root, 'with space')).href, { environment })
    await store.create('log/1', bytes('x'))
    expect(await readdir(join(root, 'with space', 'log'))).toEqual(['1'])
  })

  it('refuses options of S3 for a folder', async () => {
    await expect(openStore('state', { environment, s3: {} })).rejects.toMatchObject({ code: 'OPTION_INVALID' })
  })

  it('says how to install the SDK where it is missing', async () => {
    const missing = () => Promise.reject(Object.assign(new Error('not found'), { code: 'ERR_MODULE_NOT_FOUND' }))
    await expect(loadS3Sdk(missing)).rejects.toMatchObject({
      code: 'DEPENDENCY_MISSING',
      message: expect.stringMatching(/npm i @aws-sdk\/client-s3$/),
    })
  })
})

describe('options of S3', () => {
  it.each([
    [{ endpoint: '127.0.0.1:9000' }, /endpoint is a URL/],
    [{ endpoint: 'ftp://host' }, /endpoint is a URL/],
    [{ endpoint: 'http://user:secret@host' }, /without credentials/],
    [{ region: 'eu west' }, /region is a name/],
    [{ pathStyle: 'yes' }, /pathStyle is true or false/],
    [{ parallel: 0 }, /parallel is a whole number/],
    [{ attempts: 1.5 }, /attempts is a whole number/],
    [{ timeout: seconds(0) }, /timeout is a duration/],
    [{ encryption: {} }, /kind is missing/],
    [{ encryption: { kind: 'SSE-C' } }, /SSE-S3, SSE-KMS/],
    [{ encryption: { kind: 'SSE-S3', keyId: 'k' } }, /go with SSE-KMS/],
    [{ encryption: { kind: 'SSE-KMS', keyId: '' } }, /keyId is the id/],
    [{ client: {} }, /client is an S3Client/],
    [{ client: { send: () => undefined }, region: 'eu-west-1' }, /region does not go with client/],
    [{ endPoint: 'http://host' }, /did you mean.*endpoint/i],
  ])('%j are refused in words', (options, message) => {
    expect(() => requireS3Options('run: checkpoints.s3', options as object)).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID', message: expect.stringMatching(message) }),
    )
  })

  const configOf = async (options: Parameters<typeof connect>[1], env: Record<string, string>) => {
    const { client, endpoint, release } = connect(await loadS3Sdk(), options, env)
    release()
    return { config: client.config, endpoint }
  }

  it('find AWS without an endpoint, with virtual hosts', async () => {
    const { config, endpoint } = await configOf({ region: 'eu-west-1' }, {})
    expect(config.forcePathStyle).toBe(false)
    expect(await config.region()).toBe('eu-west-1')
    expect(endpoint).toBe('AWS eu-west-1')
  })

  it.each(['AWS_ENDPOINT_URL_S3', 'AWS_ENDPOINT_URL'])('take the endpoint from %s', async (name) => {
    const { config, endpoint } = await configOf({}, { [name]: 'http://127.0.0.1:9000' })
    expect(config.forcePathStyle).toBe(true)
    expect(await config.region()).toBe('us-east-1')
    expect(endpoint).toBe('http://127.0.0.1:9000')
  })

  it('come before the environment, and clientConfig before both', async () => {
    const env = { AWS_ENDPOINT_URL_S3: 'http://env:1', AWS_REGION: 'eu-west-1' }
    const given = await configOf(
      { endpoint: 'http://option:1', pathStyle: false, clientConfig: { maxAttempts: 4 } },
      env,
    )
    expect(given.endpoint).toBe('http://option:1')
    expect(given.config.forcePathStyle).toBe(false)
    expect(await given.config.region()).toBe('eu-west-1')
    expect(await given.config.maxAttempts()).toBe(4)
  })

  it('take an S3Client of the user as it is', async () => {
    const client = new S3Client({ region: 'eu-west-1' })
    const store = await openStore('s3://bucket/x', { environment, s3: { client } })
    expect(store.location).toBe('s3://bucket/x')
    await store.close()
  })
})
