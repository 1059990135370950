import { describe, expect, it } from 'vitest';
import { RequestTimeout } from '../../src/actors/request-failures.ts';
import { PartFailed, partFailed } from '../../src/primitives/part-failed.ts';
import { checkResponder, nameOf } from '../../src/primitives/responder.ts';
import { SoldOut } from '../support/a-cast.ts';

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
});

describe('a part that failed may have acted', () => {
  const acted = (of: string, name: string, cause: unknown = new SoldOut()) =>
    partFailed({ of, name, responder: '/x' }, cause).mayHaveActed;

  it('when somebody was asked before it, or beside it', () => {
    expect(acted('pipeline', 'stage 2')).toBe(true);
    expect(acted('loopUntil', 'until 1')).toBe(true);
    expect(acted('parallel', 'stage 1')).toBe(true);
    expect(acted('mapReduce', 'item 0')).toBe(true);
    expect(acted('pipeline', 'stage 1', partFailed(part('stage 2'), new SoldOut()))).toBe(true);
  });

  it('when it was the first, and does not say that it has not', () => {
    expect(acted('pipeline', 'stage 1')).toBe(false);
    expect(acted('loopUntil', 'step 1')).toBe(false);
    expect(acted('route', 'sales')).toBe(false);
    expect(acted('pipeline', 'stage 1', new RequestTimeout({ target: '/x', timeoutMs: 1 }))).toBe(true);
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
