/*
 * How state is written: MessagePack (https://msgpack.org), version 1 of this use of it. Any MessagePack library can
 * read the bytes; what its types lack is marked by extension types of its application range.
 *
 *   null, booleans, strings   as they are; strings are well-formed UTF-8, others are UTF16
 *   numbers                   integers of 32 bits as integers, all others (-0 too) as float 64
 *   bigints                   int 64, or BIGINT: sign (0 negative, 1) and the magnitude, big endian
 *   undefined                 UNDEFINED, one byte 0
 *   Uint8Array                bin
 *   other typed arrays        TYPED_ARRAY: index in TYPED_ARRAYS, then the elements, little endian
 *   Date                      DATE: float 64, epoch milliseconds
 *   Array                     array
 *   Map                       map
 *   Set                       array that begins with SET, one byte 0
 *   plain object              array that begins with SHAPE: the keys, as strings one behind the other; then the values.
 *                             Shapes are numbered from 0 in the order in which they appear; an object with keys seen
 *                             before begins with SHAPE_REFERENCE: that number, big endian. One with many keys, or past
 *                             the limit of shapes, begins with ENTRIES, one byte 0; then keys and values in turn.
 */
export const UNDEFINED = 0
export const SHAPE = 1
export const SHAPE_REFERENCE = 2
export const ENTRIES = 3
export const SET = 4
export const BIGINT = 5
export const TYPED_ARRAY = 6
export const DATE = 7
export const UTF16 = 8
/** Where a sequence has no value: one byte 0. Never inside a value. */
export const ABSENT_MARK = 9

/** Containers inside each other. A cycle is deeper than that, and hostile bytes cannot exhaust the stack. */
export const MAX_DEPTH = 64
export const MAX_SHAPES = 4096
export const MAX_SHAPE_KEYS = 32

/** The position of each is part of the format. */
export const TYPED_ARRAYS = [
  Int8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
] as const
