/**
 * MessagePack, as far as the codec speaks it: which byte begins which value.
 *
 * What JSON can hold is plain MessagePack. Objects are records, as `msgpackr` writes
 * them: the first of a shape names its fields (`d4 72 id`, then a list of names), and
 * each later one in the same message is one byte (the id) and its values. So whoever
 * has `msgpackr` with records can read what follows the first three bytes of a message.
 * A map of MessagePack is a `Map`.
 *
 * Two extensions are ours: `n`, an object without a prototype; `u`, text that UTF-8
 * cannot hold, because half of a surrogate pair is missing.
 *
 * Source: the MessagePack specification (github.com/msgpack/msgpack, spec.md); the record,
 * set, bigint and typed array extensions of msgpackr 2 (github.com/kriszyp/msgpackr).
 */

/** From here to 0x7f a byte is a record of that id. Below it is a whole number. */
export const firstRecordId = 0x40;
export const lastRecordId = 0x7f;

export const token = {
  shortMap: 0x80,
  shortList: 0x90,
  shortText: 0xa0,
  nil: 0xc0,
  /** Begins no value of MessagePack, nor any text in UTF-8: so it begins a message of ours. */
  never: 0xc1,
  false: 0xc2,
  true: 0xc3,
  bin8: 0xc4,
  bin16: 0xc5,
  bin32: 0xc6,
  ext8: 0xc7,
  ext16: 0xc8,
  ext32: 0xc9,
  float32: 0xca,
  float64: 0xcb,
  uint8: 0xcc,
  uint16: 0xcd,
  uint32: 0xce,
  uint64: 0xcf,
  int8: 0xd0,
  int16: 0xd1,
  int32: 0xd2,
  int64: 0xd3,
  fixext1: 0xd4,
  fixext2: 0xd5,
  fixext4: 0xd6,
  fixext8: 0xd7,
  fixext16: 0xd8,
  text8: 0xd9,
  text16: 0xda,
  text32: 0xdb,
  list16: 0xdc,
  list32: 0xdd,
  map16: 0xde,
  map32: 0xdf,
  negative: 0xe0,
} as const;

export const extension = {
  undefined: 0x00,
  bigint: 0x42,
  bare: 0x6e,
  record: 0x72,
  set: 0x73,
  binary: 0x74,
  utf16: 0x75,
  timestamp: 0xff,
} as const;

/** Views of binary data; the place of each is its code. Read and written in the order of bytes of the machine. */
export const viewKinds = [
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
] as const;

/** The codes that follow those of the views. */
export const arrayBufferCode = 16;
export const dataViewCode = 17;

/** The furthest a `Date` reaches from 1970, in milliseconds. */
export const dateMsMax = 8.64e15;
