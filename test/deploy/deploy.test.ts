import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { parseDuration } from '../../core/duration.js'
import { Child } from '../runtime/cli/child.js'

/* There is no Docker where these tests run. They check what can be checked without one: that what the manifests and the
 * pages name exists, and that the limits in them fit each other. */

const ROOT = join(import.meta.dirname, '../..')
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8')

type Tree = { readonly [name: string]: Tree } & readonly Tree[] & string & number & boolean

function yaml(path: string): Tree[] {
  return parseAllDocuments(read(path)).map((document) => {
    expect(document.errors).toEqual([])
    return document.toJS({ merge: true }) as Tree
  })
}

const dockerfile = read('deploy/Dockerfile')
// Lines that end in a backslash go on in the next one.
const instructions = dockerfile
  .replaceAll(/\\\n/g, ' ')
  .split('\n')
  .filter((line) => /^[A-Z]+ /.test(line))
const composed = yaml('deploy/compose.yaml')[0]?.['services'] as Tree
const kubernetes = yaml('deploy/kubernetes.yaml')
const deployment = kubernetes.find((resource) => resource['kind'] === 'Deployment')?.['spec']?.['template']?.[
  'spec'
] as Tree
const pod = deployment['containers']?.[0] as Tree
const task = JSON.parse(read('deploy/ecs-task-definition.json')) as Tree
const container = task['containerDefinitions']?.[0] as Tree

const COMMANDS: readonly (readonly [string, readonly string[]])[] = [
  ['the Dockerfile', JSON.parse(/^CMD (\[.*\])$/m.exec(dockerfile)?.[1] ?? '[]')],
  ['compose, job', composed['job']?.['command'] as unknown as string[]],
  ['compose, s3', composed['s3']?.['command'] as unknown as string[]],
  ['Kubernetes', pod['args'] as unknown as string[]],
  ['ECS', container['command'] as unknown as string[]],
]

/** What `--help` of a command names. */
const helps = new Map<string, string>()
const commandOf = (args: readonly string[]): string =>
  args
    .filter((arg) => /^[a-z0-9]+$/.test(arg))
    .slice(0, args[0] === 'run' ? 1 : 2)
    .join(' ')

beforeAll(async () => {
  for (const command of ['run', 'dev s3', 'status', 'stop', 'savepoint create']) {
    helps.set(command, await tidemark(...command.split(' '), '--help'))
  }
})

function tidemark(...args: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, ['--no-warnings', join(ROOT, 'runtime/cli/launcher.js'), ...args], (error, stdout) => {
      if (error) reject(error)
      else resolve(stdout)
    })
  })
}

describe('the image', () => {
  it('copies what there is', () => {
    const copied = instructions
      .filter((line) => line.startsWith('COPY ') && !line.includes('--from='))
      .flatMap((line) => line.split(/\s+/).slice(1, -1))
    expect(copied.length).toBeGreaterThan(5)
    expect(copied.filter((path) => !existsSync(join(ROOT, path)))).toEqual([])
    // What its context leaves out cannot be copied either.
    const allowed = read('deploy/Dockerfile.dockerignore')
      .split('\n')
      .filter((line) => line.startsWith('!'))
    expect(copied.filter((path) => !allowed.includes(`!${path}`))).toEqual([])
  })

  it('copies from stages that come before', () => {
    const stages = new Set<string>()
    for (const line of instructions) {
      const from = /^COPY --from=(\S+)/.exec(line)?.[1]
      if (from !== undefined) expect([line, stages.has(from)]).toEqual([line, true])
      const stage = /^FROM \S+ AS (\S+)$/.exec(line)?.[1]
      if (stage !== undefined) stages.add(stage)
    }
    expect(stages).toEqual(new Set(['tidemark', 'job', 'modules']))
  })

  it('has what building the package needs', () => {
    const { scripts } = JSON.parse(read('package.json'))
    expect(scripts).toMatchObject({ prepack: 'npm run build', build: 'tsc -p tsconfig.build.json' })
    for (const path of JSON.parse(read('tsconfig.build.json')).include) {
      expect(instructions.some((line) => line.startsWith('COPY ') && line.includes(path.split('/')[0]))).toBe(true)
    }
  })

  it('runs node itself, as somebody who is not root', () => {
    const [entry] = instructions.filter((line) => line.startsWith('ENTRYPOINT '))
    expect(JSON.parse(entry?.slice('ENTRYPOINT '.length) ?? '')).toEqual([
      'node',
      'node_modules/tidemark/runtime/cli/launcher.js',
    ])
    expect(existsSync(join(ROOT, 'runtime/cli/launcher.js'))).toBe(true)
    expect(instructions.findLast((line) => line.startsWith('USER '))).toMatch(/^USER [1-9]\d*:[1-9]\d*$/)
  })
})

describe('the commands of the manifests', () => {
  it.each(COMMANDS)('are known: %s', (_where, args) => {
    const help = helps.get(commandOf(args))
    const flags = args.filter((arg) => arg.startsWith('--'))
    expect(flags.length).toBeGreaterThan(0)
    expect(flags.filter((flag) => !help?.includes(`${flag} `))).toEqual([])
  })

  it.each(['docs/deploy.md', 'docs/operations.md'])('are known: %s', (page) => {
    const known = [...helps.values()].join('\n')
    const flags = [...read(page).matchAll(/`[^`]*`|^ {4}(?:tidemark|kubectl exec).*$/gm)]
      .map(([text]) => text)
      .filter((text) => /tidemark (run|status|stop|savepoint)|^`--/.test(text))
      .flatMap((text) => text.match(/--[a-z][a-z0-9-]+/g) ?? [])
      .filter((flag) => flag !== '--max-old-space-size')
    expect(flags.length).toBeGreaterThan(5)
    expect([...new Set(flags)].filter((flag) => !known.includes(flag))).toEqual([])
  })
})

describe('a platform', () => {
  const grace = (args: readonly string[]): number => parseDuration(args[args.indexOf('--grace') + 1] ?? '').ms / 1000

  it('waits longer than the grace period before it kills', () => {
    const limits: [string, number, number][] = [
      [
        'compose',
        grace(composed['job']?.['command'] as never),
        Number.parseInt(composed['job']?.['stop_grace_period'] as never, 10),
      ],
      ['Kubernetes', grace(pod['args'] as never), Number(deployment['terminationGracePeriodSeconds'])],
      ['ECS', grace(container['command'] as never), Number(container['stopTimeout'])],
    ]
    for (const [where, ours, theirs] of limits) expect([where, theirs >= ours + 10]).toEqual([where, true])
  })

  it('runs one at a time, without rights, on a root that cannot be written', () => {
    const spec = kubernetes.find((resource) => resource['kind'] === 'Deployment')?.['spec']
    expect(spec).toMatchObject({ replicas: 1, strategy: { type: 'Recreate' } })
    expect(deployment['securityContext']).toMatchObject({ runAsNonRoot: true })
    expect(pod['securityContext']).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    })
    expect(container).toMatchObject({ readonlyRootFilesystem: true, user: '1000:1000' })
    for (const name of ['s3', 'job']) expect(composed[name]).toMatchObject({ read_only: true, cap_drop: ['ALL'] })
  })

  it('asks the operations server where it listens', () => {
    const [port] = pod['ports'] as unknown as { name: string; containerPort: number }[]
    const args = pod['args'] as unknown as string[]
    expect(args[args.indexOf('--operations-port') + 1]).toBe(String(port?.containerPort))
    for (const probe of ['startupProbe', 'livenessProbe', 'readinessProbe']) {
      expect(pod[probe]?.['httpGet']).toMatchObject({
        port: port?.name,
        path: expect.stringMatching(/^\/(healthz|readyz)$/),
      })
    }
  })
})

describe('the sample job', () => {
  it('runs without anything that can be written but its output, and answers the health check of the image', async () => {
    const child = new Child(['run', join(ROOT, 'deploy/job/job.ts'), '--operations-port', '0'], {
      TSX_DISABLE_CACHE: '1',
      TMPDIR: '/nonexistent',
    })
    const url = await child.url(0)
    const [check] = instructions.filter((line) => line.startsWith('HEALTHCHECK'))
    const [node, flag, script] = JSON.parse(/CMD (\[.*\])$/.exec(check ?? '')?.[1] ?? '[]') as string[]
    expect([node, flag]).toEqual(['node', '-e'])
    const code = (target: string) =>
      new Promise((resolve) => {
        const asked = String(script).replace('http://127.0.0.1:7070', target)
        execFile(process.execPath, ['-e', asked], (error) => resolve(error ? error.code : 0))
      })
    expect([await code(url), await code('http://127.0.0.1:1')]).toEqual([0, 1])
    child.kill('SIGTERM')
    expect(await child.ended).toEqual({ code: 0, signal: null })
  }, 60_000)

  it('keeps its state on S3 with the command of compose, stops with a checkpoint, and goes on from it', async () => {
    const s3 = new Child(['dev', 's3', '--port', '0', '--bucket', 'tidemark-state'])
    await expect.poll(() => s3.stdout, { timeout: 20_000 }).toMatch(/^ready http/)
    const endpoint = s3.stdout.trim().slice('ready '.length)
    const replaced: Readonly<Record<string, string>> = {
      'job.ts': join(ROOT, 'deploy/job/job.ts'),
      'http://127.0.0.1:4568': endpoint,
      '7070': '0',
    }
    const given = composed['job']?.['command'] as unknown as string[]
    const command = given.map((arg) => replaced[arg] ?? arg)
    for (let generation = 1; generation <= 2; generation++) {
      const child = new Child(command, composed['job']?.['environment'] as unknown as Record<string, string>)
      const url = await child.url(0)
      await expect.poll(async () => (await fetch(`${url}/readyz`)).status, { timeout: 20_000 }).toBe(200)
      child.kill('SIGTERM')
      expect(await child.ended).toEqual({ code: 0, signal: null })
      expect(child.logged.at(-1)).toMatchObject({ status: 'stopped', generation, checkpoints: 1 })
    }
  }, 60_000)
})
