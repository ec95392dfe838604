/** One request, and what of its answer is not compared. */
export interface Exchange {
  readonly name: string
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE' | 'HEAD'
  readonly path: string
  /** An object is one JSON document, an array the lines of a `_bulk`, a text is sent as it is. */
  readonly body?: object | readonly object[] | string
}

const lines = (...all: readonly object[]): string => all.map((line) => `${JSON.stringify(line)}\n`).join('')
const to = (id: string, more: object = {}): object => ({ _index: 'tm-places', _id: id, ...more })
const external = (version: number): object => ({ version, version_type: 'external' })
const bulk = (name: string, body: string): Exchange => ({ name, method: 'POST', path: '/_bulk', body })

const MAPPINGS = {
  properties: {
    location: { type: 'geo_point' },
    n: { type: 'long' },
    i: { type: 'integer' },
    f: { type: 'double' },
    b: { type: 'boolean' },
    at: { type: 'date' },
    k: { type: 'keyword' },
  },
}

/** All in order, on an OpenSearch without indices and templates that begin with `tm-`. */
export const EXCHANGES: readonly Exchange[] = [
  {
    name: 'a template',
    method: 'PUT',
    path: '/_index_template/tm-places',
    body: { index_patterns: ['tm-places*'], priority: 100, template: { mappings: MAPPINGS } },
  },
  {
    name: 'a template of the same patterns and priority',
    method: 'PUT',
    path: '/_index_template/tm-other',
    body: { index_patterns: ['tm-places*'], priority: 100 },
  },
  {
    name: 'a template with a type that there is not',
    method: 'PUT',
    path: '/_index_template/tm-bad',
    body: { index_patterns: ['tm-bad*'], template: { mappings: { properties: { x: { type: 'nope' } } } } },
  },
  { name: 'a template that there is not', method: 'GET', path: '/_index_template/tm-none' },
  bulk(
    'all operations without versions',
    lines(
      { index: to('a') },
      { n: 1, location: 'dr5regw', at: 1_700_000_000_000, k: 'x' },
      { create: to('a') },
      { n: 2 },
      { update: to('a') },
      { doc: { n: 3 } },
      { update: to('a') },
      { doc: { n: 3 } },
      { update: to('missing') },
      { doc: { n: 3 } },
      { update: to('u') },
      { doc: { n: 3 }, doc_as_upsert: true },
      { delete: to('a') },
      { delete: to('never') },
      { create: to('a') },
      { n: 5 },
    ),
  ),
  bulk(
    'external versions',
    lines(
      { index: to('v', external(5)) },
      { n: 1 },
      { index: to('v', external(5)) },
      { n: 2 },
      { index: to('v', external(4)) },
      { n: 2 },
      { delete: to('v', external(7)) },
      { index: to('v', external(6)) },
      { n: 2 },
      { delete: to('v', external(7)) },
      { index: to('v', external(3_764_928_152_338_437)) },
      { n: 8 },
      { delete: to('unknown', external(7)) },
    ),
  ),
  bulk('a version of create', lines({ create: to('c', external(5)) }, { n: 1 })),
  bulk('a version of update', lines({ update: to('c', external(5)) }, { doc: { n: 1 } })),
  bulk(
    'documents that do not fit their mapping',
    lines(
      { index: to('m1') },
      { n: 'abc' },
      { index: to('m2') },
      { at: 'not a date' },
      { index: to('m3') },
      { location: '!!' },
      { index: to('m4') },
      { location: { lat: 100, lon: 10 } },
      { index: to('m5') },
      { k: { a: 1 } },
      { index: to('m6') },
      { b: 'maybe' },
      { index: to('m7') },
      { i: 3_000_000_000 },
      { index: to('m8') },
      { n: '12' },
      { index: to('m9') },
      { f: 'NaN' },
      { index: to('m10') },
      { n: 1.5 },
      { update: to('m8') },
      { doc: { n: 'x' } },
      { index: to('m11') },
      { location: { lat: 40.7, lon: -74 }, at: '2026-11-21T10:00:00Z' },
      { index: to('m12') },
      { at: null, n: null },
    ),
  ),
  bulk('a document that is no object', '{"index":{"_index":"tm-places","_id":"j1"}}\n[1,2]\n'),
  bulk('no newline at the end', '{"index":{"_index":"tm-places","_id":"j1"}}\n{"n":1}'),
  bulk('an operation that there is not', lines({ what: to('j1') }, { n: 1 })),
  bulk('a parameter that there is not', lines({ index: to('j1', { nope: 1 }) }, { n: 1 })),
  bulk('no index', lines({ index: { _id: 'j1' } }, { n: 1 })),
  bulk('an index with capitals', lines({ index: { _index: 'tm-Upper', _id: 'j1' } }, { n: 1 })),
  bulk('an empty id', lines({ index: to('') }, { n: 1 })),
  bulk('an id that is too long', lines({ index: to('x'.repeat(600)) }, { n: 1 })),
  bulk('an empty body', ''),
  bulk('a body without actions', '\n'),
  bulk(
    'indices that there are not',
    lines(
      { delete: { _index: 'tm-none', _id: 'x' } },
      { delete: { _index: 'tm-versioned', _id: 'x', ...external(3) } },
      { index: { _index: 'tm-versioned', _id: 'x', ...external(2) } },
      { n: 1 },
    ),
  ),
  {
    name: 'only what is asked for',
    method: 'POST',
    path: '/_bulk?filter_path=items.*.status,items.*.error',
    body: lines({ index: to('p') }, { n: 1 }, { index: to('q') }, { n: 'abc' }, { delete: to('p') }),
  },
  {
    name: 'an index of its own',
    method: 'PUT',
    path: '/tm-strict',
    body: { mappings: { dynamic: 'strict', ...MAPPINGS } },
  },
  bulk('a field that a strict mapping does not have', lines({ index: { _index: 'tm-strict', _id: '1' } }, { z: 1 })),
  { name: 'a document', method: 'GET', path: '/tm-places/_doc/u' },
  { name: 'a deleted document', method: 'GET', path: '/tm-places/_doc/p' },
  { name: 'a document of no index', method: 'GET', path: '/tm-none/_doc/p' },
  { name: 'refresh', method: 'POST', path: '/tm-places/_refresh' },
  { name: 'count', method: 'GET', path: '/tm-places/_count' },
  { name: 'count of no index', method: 'GET', path: '/tm-none/_count' },
  {
    name: 'a page, sorted, with versions',
    method: 'POST',
    path: '/tm-places/_search',
    body: { size: 3, from: 1, sort: [{ n: 'asc' }], version: true },
  },
  {
    name: 'a box',
    method: 'POST',
    path: '/tm-places/_search',
    body: {
      sort: [{ n: 'asc' }],
      query: {
        geo_bounding_box: { location: { top_left: { lat: 41, lon: -75 }, bottom_right: { lat: 40, lon: -73 } } },
      },
    },
  },
  {
    name: 'a range',
    method: 'POST',
    path: '/tm-places/_search',
    body: { sort: [{ n: 'desc' }], query: { range: { n: { gte: 3, lt: 8 } } } },
  },
  { name: 'the mapping', method: 'GET', path: '/tm-places/_mapping' },
  { name: 'search of no index', method: 'GET', path: '/tm-none/_search' },
  { name: 'deletion', method: 'DELETE', path: '/tm-versioned' },
  { name: 'deletion of no index', method: 'DELETE', path: '/tm-versioned' },
  { name: 'a path that there is not', method: 'POST', path: '/_nothing/at/all' },
]

/** Whatever is there of an earlier run. */
export const CLEAN_UP: readonly Exchange[] = [
  ...['tm-places', 'tm-strict', 'tm-versioned', 'tm-none'].map(
    (index): Exchange => ({ name: 'clean', method: 'DELETE', path: `/${index}` }),
  ),
  ...['tm-places', 'tm-other', 'tm-bad'].map(
    (name): Exchange => ({ name: 'clean', method: 'DELETE', path: `/_index_template/${name}` }),
  ),
]
