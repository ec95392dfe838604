/** The public face of `tidemark`: everything a job is written with. Connectors and the runtime have subpaths of their own. */
export type {
  CommitPoint,
  Committer,
  CommitterContext,
  DeadLetter,
  EnumeratorContext,
  MalformedPolicy,
  Polled,
  ReaderContext,
  Sink,
  SinkWriter,
  Source,
  Split,
  SplitEnumerator,
  SplitReader,
  WriterContext,
} from './connector.js'
export type { Counter, FunctionContext, Histogram, Logger, Metrics, Subtask } from './context.js'
export {
  type Decoder,
  json,
  jsonUnchecked,
  type LinesOptions,
  lines,
  type ManyDecoder,
  messagePack,
  messagePackUnchecked,
  type RecordDecoder,
  type RecordMeta,
  type RecordPiece,
  text,
} from './decode/index.js'
export { type Duration, days, formatDuration, hours, millis, minutes, parseDuration, seconds } from './duration.js'
export { type Barrier, Batch, MAX_WATERMARK, MIN_WATERMARK, NO_TIMESTAMP } from './element.js'
export type { CancelTimer, Clock, Environment, Random, Timers } from './environment.js'
export { type ErrorDetails, type ErrorDomain, TidemarkError } from './errors.js'
export type { ExecutionPlan, PlanEdge, Vertex } from './graph/execution-plan.js'
export type { Chaining, LogicalGraph, LogicalNode, NodeInput, Partitioning } from './graph/node.js'
export { type PlanOptions, planOf } from './graph/plan.js'
export { type ExplainFormat, type ExplainOptions, explain } from './job/explain.js'
export { defineJob, isJob, type Job, type JobOptions } from './job/job.js'
export type { JobBuilder, Overrides } from './job/job-builder.js'
export type {
  AsyncContext,
  AsyncFunction,
  AsyncObject,
  AsyncOptions,
  AsyncRetry,
} from './operators/async/async-function.js'
export type {
  BroadcastContext,
  ConnectedContext,
  ConnectedProcess,
  KeyedConnectedContext,
  KeyedConnectedProcess,
} from './operators/connected-function.js'
export type {
  Emitted,
  FilterFunction,
  FilterObject,
  FlatMapFunction,
  FlatMapObject,
  LifeCycle,
  MapFunction,
  MapObject,
} from './operators/functions.js'
export type { ErrorAction, OnError, RetryAtOnce } from './operators/guard/error-policy.js'
export type {
  IntervalJoinContext,
  IntervalJoinFunction,
  IntervalJoinObject,
  TemporalJoinContext,
  TemporalJoinFunction,
  TemporalJoinObject,
  WindowJoinContext,
  WindowJoinFunction,
  WindowJoinObject,
} from './operators/join/join-function.js'
export type {
  FiredTimer,
  KeyedCoProcess,
  KeyedHooks,
  KeyedProcess,
  KeyedProcessContext,
  KeyTimers,
  OperatorStateContext,
  ProcessContext,
  ProcessFunction,
  ProcessObject,
} from './operators/process-function.js'
export {
  type SideEmitter,
  type SideEmitters,
  type SideOutput,
  type SideOutputs,
  sideOutput,
} from './operators/side-output.js'
export type { Offset, Origin } from './origin.js'
export { describeParameters, type ParameterDescription } from './parameters/describe.js'
export { type ParameterLayers, resolveParameters } from './parameters/resolve.js'
export type {
  AppendingState,
  ListState,
  MapState,
  ReadOnlyListState,
  ReadOnlyMapState,
  ReadOnlyValueState,
  ValueState,
} from './state/backend.js'
export type { BroadcastDeclarations, BroadcastState, ReadOnlyBroadcastState } from './state/broadcast-state.js'
export {
  aggregatingState,
  listState,
  mapState,
  reducingState,
  type StateDeclarations,
  type StateHandle,
  type StateHandles,
  valueState,
} from './state/declare.js'
export type { Evolution, MapEvolution, MigrationStep } from './state/evolution.js'
export type { Key, KeyScalar } from './state/key.js'
export {
  listOperatorState,
  type OperatorStateDeclarations,
  type OperatorStateHandle,
  type OperatorStateHandles,
  type UnionState,
  unionOperatorState,
} from './state/operator-list-state.js'
export type { Ttl } from './state/ttl.js'
export type {
  BroadcastStream,
  ConnectedKeyedStreams,
  ConnectedStream,
  KeyedConnectedStream,
} from './stream/connected-streams.js'
export type {
  IntervalBound,
  IntervalBounds,
  IntervalJoinedStreams,
  JoinedStreams,
  JoinResults,
  TemporalJoinedStreams,
  WindowedJoin,
} from './stream/join-streams.js'
export type { KeyedStream } from './stream/keyed-stream.js'
export type { Branches, SplitStreams } from './stream/split.js'
export type {
  KeyByOptions,
  ProcessOptions,
  SideStreams,
  SourceStream,
  StatelessOptions,
  StepOptions,
  Stream,
} from './stream/stream.js'
export type {
  SummaryFunction,
  SummaryObject,
  WindowFunction,
  WindowObject,
  WindowProcessContext,
} from './stream/window-function.js'
export type {
  AggregateRow,
  ReducedRow,
  WindowedStream,
  WindowResults,
  WindowRowOptions,
} from './stream/windowed-stream.js'
export type { WatermarkGenerator, WatermarkStrategy } from './time/watermark-strategy.js'
export {
  type BoundedOutOfOrdernessOptions,
  boundedOutOfOrderness,
  type EventTimeOptions,
  type MarkersOptions,
  type MonotonousOptions,
  markers,
  monotonous,
  noWatermarks,
} from './time/watermarks.js'
export type { Aggregate } from './window/aggregate.js'
export {
  type AnyAggregate,
  type ApproximateDistinctOptions,
  aggregate,
  approximateDistinct,
  collect,
  combine,
  count,
  distinct,
  first,
  last,
  max,
  maxBy,
  mean,
  min,
  minBy,
  type QuantileOptions,
  type Quantiles,
  quantile,
  type Results,
  type Scalar,
  sum,
  type TopNOptions,
  type TopNSelectOptions,
  topN,
} from './window/aggregates/index.js'
export {
  type AlignedWindowOptions,
  afterCount,
  type CountedWindowOptions,
  counted,
  type EveryOptions,
  type Evictor,
  type EvictorContext,
  type EvictorOptions,
  eachRecord,
  eventTime,
  every,
  type GlobalWindow,
  global,
  keepLast,
  keepNear,
  keepWithin,
  never,
  type OnTimeOptions,
  type OnTimeTrigger,
  onTime,
  processingTime,
  purging,
  type SessionWindowOptions,
  type StaggerWindowOptions,
  session,
  sliding,
  stagger,
  type TimeDomain,
  type TimeWindow,
  type Trigger,
  type TriggerContext,
  type TriggerResult,
  tumbling,
  type Window,
  type WindowAssigner,
  type WindowRecord,
} from './window/index.js'
