/**
 * The arrows of the house: who may import whom. Types count as imports, except where a rule says why not.
 * @type {import('dependency-cruiser').IConfiguration}
 */
const inCore = (from, to, why) => ({
  name: `core-${from.replace(/\W+/g, '-')}`,
  severity: 'error',
  comment: why,
  from: { path: `^core/(${from})(/|\\.ts$)` },
  to: { path: '^core/', pathNot: `^core/(${from}|${to})(/|\\.ts$)` },
})

const base = 'errors|compile-error|no-promise|promises|options|duration|environment|random|element|origin|context|codec'

module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'core-stands-alone',
      severity: 'error',
      comment: 'core says what a job means: no I/O, no runtime, no connectors',
      from: { path: '^core/' },
      to: { path: '^(runtime|connectors|examples|test|bench)/' },
    },
    { name: 'core-has-no-node', severity: 'error', from: { path: '^core/' }, to: { dependencyTypes: ['core'] } },
    {
      name: 'connectors-see-core-only',
      severity: 'error',
      from: { path: '^connectors/' },
      to: { path: '^(runtime|examples|test|bench)/' },
    },
    {
      name: 'runtime-sees-core-only',
      severity: 'error',
      comment:
        'connectors and runtime meet in the job; `tidemark dev` runs a server of the test kit, a replay is a job of its own',
      from: { path: '^runtime/', pathNot: '^runtime/cli/(dev-|dead-letters/kinesis-target)' },
      to: { path: '^(connectors|examples|test|bench)/' },
    },
    {
      name: 'nothing-shipped-needs-examples',
      severity: 'error',
      from: {
        path: '^(core|connectors|runtime|test/(conformance|harness|job|servers|testing))',
        pathNot: '/tests/|\\.test\\.ts$',
      },
      to: { path: '^(examples|bench)/' },
    },
    inCore('errors|compile-error|no-promise|promises|duration|environment|random', '', 'the ground'),
    // An aggregate and a key are contracts (types alone) that state and elements speak of.
    inCore('codec', `${base}|state/key-check`, 'the codec knows plain data'),
    inCore('time', `${base}|state`, 'timers are kept by key'),
    inCore(
      'state',
      `${base}|window/aggregate|operators/operator|time`,
      'state knows nothing of windows but what an aggregate is',
    ),
    inCore('window', `${base}|time|state`, 'windows stand on time and state'),
    inCore('checkpoint', `${base}|state`, 'decisions about checkpoints'),
    inCore('operators', `${base}|time|state|window|connector|decode|parameters`, 'operators come before the graph'),
    inCore('graph', `${base}|time|state|window|operators|connector|parameters`, 'the graph comes before the DSL'),
    {
      name: 'aws-only-at-its-doors',
      severity: 'error',
      comment: 'a job that reads files and keeps its state in a folder loads no AWS code',
      from: { path: '^(core|connectors|runtime)/', pathNot: '^(connectors/(aws|kinesis|s3)|runtime/storage/s3)/' },
      to: { path: 'node_modules/@(aws-sdk|smithy)/' },
    },
    {
      name: 'parquet-only-in-its-connector',
      severity: 'error',
      from: {
        path: '^(core|connectors|runtime)/',
        pathNot: '^(connectors/parquet/|runtime/cli/savepoint/parquet-rows\\.ts)',
      },
      to: { path: 'node_modules/hyparquet' },
    },
    {
      name: 'opensearch-only-in-its-connector',
      severity: 'error',
      from: { path: '^(core|connectors|runtime)/', pathNot: '^connectors/opensearch/' },
      to: { path: 'node_modules/@opensearch-project/' },
    },
    {
      name: 'csv-only-in-files',
      severity: 'error',
      from: { path: '^(core|connectors|runtime)/', pathNot: '^connectors/file/' },
      to: { path: 'node_modules/csv-parse' },
    },
    {
      name: 'rxjs-only-at-its-doors',
      severity: 'error',
      from: {
        path: '^(core|connectors|runtime)/',
        pathNot: '^(connectors/rxjs/|runtime/run\\.ts|runtime/local/handle\\.ts)',
      },
      to: { path: 'node_modules/rxjs' },
    },
    {
      name: 'examples-are-users',
      severity: 'error',
      comment: 'examples and benches import what a user can import: the roots of the public subpaths',
      from: { path: '^(examples|bench)/' },
      to: {
        path: '^(core|connectors|runtime|test)/',
        pathNot:
          '^(core/index|core/patterns/index|runtime/index|runtime/savepoint/index|connectors/[a-z0-9]+/index|test/testing)\\.ts$',
      },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist|out)/|\\.test\\.ts$|/tests/|^test/types/' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: 'specify',
    enhancedResolveOptions: { extensions: ['.ts', '.js'], conditionNames: ['import', 'types', 'default'] },
  },
}
