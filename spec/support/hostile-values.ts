/** Values that whoever writes something down must get through: each by its name. */
const cyclic: { self?: unknown } = {};
cyclic.self = cyclic;

const refuse = (): never => {
  throw new Error('refused');
};

const deep = (): unknown => {
  let value: unknown = 'the bottom';
  for (let depth = 0; depth < 20_000; depth += 1) {
    value = { value };
  }
  return value;
};

export const hostileValues: readonly (readonly [string, unknown])[] = [
  ['a cycle', cyclic],
  ['a getter that throws', Object.defineProperty({}, 'trap', { enumerable: true, get: refuse })],
  ['a toJSON that throws', { toJSON: refuse }],
  ['a toString that throws', { toString: refuse, [Symbol.toPrimitive]: refuse }],
  [
    'a proxy that refuses everything',
    new Proxy({}, { ownKeys: refuse, getPrototypeOf: refuse, get: refuse }),
  ],
  ['a revoked proxy', revoked()],
  ['a list that does not tell its class', new Proxy([], { getPrototypeOf: refuse })],
  ['an error whose message throws', Object.defineProperty(new Error(), 'message', { get: refuse })],
  ['an error whose tag throws', Object.defineProperty(new Error('x'), '_tag', { get: refuse })],
  ['an error that causes itself', selfCaused()],
  ['an error that does not know who made it', Object.create(Error.prototype)],
  ['an object that lies about its class', Object.create(Map.prototype)],
  ['an object without a class', Object.create(Object.create(null))],
  ['a big integer', 10n ** 10_000n],
  ['a symbol', Symbol('name')],
  ['a function', refuse],
  ['undefined', undefined],
  ['not a number', Number.NaN],
  ['a long text', 'x'.repeat(1_000_000)],
  ['a text of control characters', '\u0000'.repeat(10_000)],
  ['a long list', Array.from({ length: 100_000 }, (_, index) => index)],
  ['a sparse list', new Array(1_000_000_000)],
  ['a wide object', Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`key${index}`, index]))],
  ['a long name', { ['k'.repeat(1_000_000)]: 1 }],
  ['a deep object', deep()],
  ['bytes', new Uint8Array(10_000_000)],
  ['a date that is none', new Date(Number.NaN)],
  ['a map with objects for keys', new Map([[{ id: 1 }, { id: 2 }]])],
  ['a field called __proto__', JSON.parse('{"__proto__":{"polluted":true}}')],
];

function revoked(): unknown {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

function selfCaused(): Error {
  const error = new Error('me');
  error.cause = error;
  return error;
}
