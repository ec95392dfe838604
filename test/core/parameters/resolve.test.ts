import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { describeParameters, type ParameterLayers, resolveParameters, TidemarkError } from '../../../core/index.js'

const schema = z.object({
  top: z.number().default(10).describe('how many cells'),
  watermarks: z.enum(['markers', 'bounded']).default('markers'),
  exact: z.boolean().optional(),
  source: z.object({ streamName: z.string(), shards: z.number().int().optional() }),
})

async function refused(layers: ParameterLayers<unknown>): Promise<string> {
  const error = await resolveParameters(layers).then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(TidemarkError)
  expect((error as TidemarkError).code).toBe('PARAMETERS_INVALID')
  return (error as TidemarkError).message
}

describe('parameters', () => {
  it('defaults, file, environment and command line override each other in that order', async () => {
    const layers = {
      schema,
      defaults: { top: 1, exact: false, watermarks: 'bounded', source: { streamName: 'defaults', shards: 1 } },
      file: { top: 2, exact: true, source: { streamName: 'file' } },
      environment: { TIDEMARK_PARAM_TOP: '3', TIDEMARK_PARAM_SOURCE__STREAM_NAME: 'environment', PATH: '/bin' },
      commandLine: [['top', '4']] as const,
    }
    expect(await resolveParameters(layers)).toEqual({
      top: 4,
      exact: true,
      watermarks: 'bounded',
      source: { streamName: 'environment', shards: 1 },
    })
  })

  it('reads property groups, whose values are all text', async () => {
    const file = [{ PropertyGroupId: 'source', PropertyMap: { streamName: 'taxi', shards: '4' } }]
    expect(await resolveParameters({ schema, file })).toMatchObject({ source: { streamName: 'taxi', shards: 4 } })
  })

  it('text becomes what the schema asks for, and stays text where it is not that', async () => {
    const commandLine = [
      ['source.streamName', '42'],
      ['exact', 'true'],
    ] as const
    expect(await resolveParameters({ schema, commandLine })).toMatchObject({
      exact: true,
      source: { streamName: '42' },
    })
    for (const top of ['', ' ', '12x', 'NaN', 'Infinity', '0x10']) {
      expect(await refused({ schema, commandLine: [...commandLine, ['top', top]] })).toContain('- top: ')
    }
  })

  it('says everything that is wrong at once, with a suggestion for a misspelt name', async () => {
    const commandLine = [
      ['source.steamName', 'x'],
      ['watermarks', 'never'],
      ['tpo', '3'],
    ] as const
    const message = await refused({ schema, commandLine })
    expect(message).toContain("- source.steamName: there is no such parameter. Did you mean 'source.streamName'?")
    expect(message).toContain("- tpo: there is no such parameter. Did you mean 'top'?")
    expect(message).toContain('- watermarks: ')
    expect(message).toMatch(/- source\.streamName: .*missing/)
  })

  it('refuses any parameter of a job that takes none', async () => {
    expect(await refused({ schema: undefined, commandLine: [['top', '3']] })).toContain('- top: ')
    expect(await resolveParameters({ schema: undefined })).toEqual({})
  })

  it('refuses a file that is neither an object nor property groups', async () => {
    expect(await refused({ schema, file: [1, 2] })).toContain('the parameters file')
  })

  it('does not reach into prototypes', async () => {
    const file: unknown = JSON.parse('{ "__proto__": { "polluted": true }, "source": { "streamName": "a" } }')
    await resolveParameters({ schema, file, commandLine: [['constructor.prototype.polluted', 'x']] })
    expect(Reflect.get({}, 'polluted')).toBeUndefined()
  })

  it('works with a schema that cannot tell its names', async () => {
    const opaque = { '~standard': { version: 1, vendor: 'test', validate: (value: unknown) => ({ value }) } } as const
    expect(await resolveParameters({ schema: opaque, commandLine: [['a.b', '1']] })).toEqual({ a: { b: '1' } })
    expect(describeParameters(opaque)).toBeUndefined()
  })

  it('describes itself for help', () => {
    expect(describeParameters(schema)).toEqual([
      expect.objectContaining({
        name: 'top',
        type: 'number',
        default: 10,
        description: 'how many cells',
        required: false,
      }),
      expect.objectContaining({ name: 'watermarks', type: 'markers | bounded' }),
      expect.objectContaining({ name: 'exact', type: 'boolean', required: false }),
      expect.objectContaining({
        name: 'source.streamName',
        required: true,
        variable: 'TIDEMARK_PARAM_SOURCE__STREAM_NAME',
      }),
      expect.objectContaining({ name: 'source.shards', type: 'integer', required: false }),
    ])
  })
})
