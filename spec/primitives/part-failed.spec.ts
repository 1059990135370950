import { describe, expect, it } from 'vitest';
import { RequestTimeout } from '../../src/actors/request-failures.ts';
import { codeOf, PartFailed, partFailed } from '../../src/primitives/part-failed.ts';
import { checkResponder, nameOf } from '../../src/primitives/responder.ts';

const part = (name: string) => ({ of: 'pipeline', name, responder: '/x' });

describe('the failure of a part', () => {
  it('has the code, the class and the retryAfterMs of its cause', () => {
    const busy = { code: 'RATE_LIMITED', class: 'overload', retryAfterMs: 250 };

    expect(partFailed(part('stage 1'), busy)).toMatchObject({
      code: 'RATE_LIMITED',
      class: 'overload',
      retryAfterMs: 250,
    });
    expect(partFailed(part('stage 1'), new RequestTimeout({ target: '/x', timeoutMs: 1 }))).toMatchObject({
      code: 'TIMEOUT',
      class: 'transient',
      retryAfterMs: undefined,
    });
    expect(partFailed(part('stage 1'), 'no')).toMatchObject({ code: 'DEFECT', class: 'defect', cause: 'no' });
  });

  it('is one way through all levels, and keeps its cause', () => {
    const cause = new TypeError('no');
    const inner = partFailed(part('inner'), cause);
    const outer = partFailed(part('outer'), inner);

    expect(outer).toBeInstanceOf(PartFailed);
    expect(outer.parts.map(({ name }) => name)).toEqual(['outer', 'inner']);
    expect(outer.cause).toBe(cause);
    expect(String(outer)).toBe("PartFailed: pipeline 'outer' (/x) → pipeline 'inner' (/x): no");
  });

  it('does not throw over what throws when it is looked at', () => {
    const hostile = Object.defineProperty({}, 'code', {
      get: () => {
        throw new TypeError('hands off');
      },
    });

    expect(codeOf(hostile)).toBe('DEFECT');
    expect(codeOf(undefined)).toBe('DEFECT');
  });
});

describe('a responder', () => {
  it('is called by its path or name', () => {
    expect(nameOf({ path: '/a', name: 'b' })).toBe('/a');
    expect(nameOf({ name: 'b' })).toBe('b');
    expect(nameOf(() => 1)).toBe('a procedure');
  });

  it.each([null, undefined, 7, 'a', {}, { name: 1 }])('is not %o', (stranger) => {
    expect(() => checkResponder('it', stranger)).toThrow(
      "it is an agent's ref, a topic, a capability or a procedure",
    );
  });
});
