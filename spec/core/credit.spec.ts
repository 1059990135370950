import { filter, map, Subject, tap } from 'rxjs';
import { describe, expect, it } from 'vitest';
import {
  askedWindow,
  askingForWindow,
  CreditToken,
  pushWithToken,
  retainToken,
} from '../../src/core/credit.ts';

describe('a credit token', () => {
  it('gives the credit back when it is let go', () => {
    const { token, settled } = aToken();

    token.release();

    expect(settled()).toBe(1);
  });

  it('gives it back when the last holder lets go', () => {
    const { token, settled } = aToken();
    token.retain();

    token.release();
    const before = settled();
    token.release();

    expect([before, settled()]).toEqual([0, 1]);
  });

  it('is in scope while its value is pushed through synchronous operators', () => {
    const { token, settled } = aToken();
    const values = new Subject<number>();
    const held: (CreditToken | undefined)[] = [];
    values
      .pipe(
        map((n) => n + 1),
        filter((n) => n > 1),
        tap(() => held.push(retainToken())),
      )
      .subscribe();

    pushWithToken(token, (n) => values.next(n), 1);
    token.release();

    expect(held).toEqual([token]);
    expect(settled()).toBe(0);
  });

  it('is out of scope before and after', () => {
    const { token } = aToken();

    pushWithToken(token, () => {}, undefined);

    expect(retainToken()).toBeUndefined();
  });

  it('gives way to the token of a value pushed meanwhile, and comes back', () => {
    const [outer, inner] = [aToken().token, aToken().token];
    const held: (CreditToken | undefined)[] = [];
    const hold = () => held.push(retainToken());

    pushWithToken(
      outer,
      () => {
        pushWithToken(inner, hold, undefined);
        pushWithToken(undefined, hold, undefined);
        hold();
      },
      undefined,
    );

    expect(held).toEqual([inner, undefined, outer]);
  });

  it('leaves the scope also when the push throws', () => {
    const { token } = aToken();
    const push = () => {
      throw new Error('broken');
    };

    expect(() => pushWithToken(token, push, undefined)).toThrow('broken');
    expect(retainToken()).toBeUndefined();
  });
});

describe('a window', () => {
  it('is asked for by the operator that works on the most values, while it subscribes', () => {
    const asked: number[] = [];
    const look = () => asked.push(askedWindow());

    askingForWindow(2, () => {
      askingForWindow(5, look);
      askingForWindow(1, look);
    });
    look();

    expect(asked).toEqual([5, 2, 0]);
  });

  it('is asked for no more when subscribing has thrown', () => {
    const subscribe = () => {
      throw new Error('broken');
    };

    expect(() => askingForWindow(2, subscribe)).toThrow('broken');
    expect(askedWindow()).toBe(0);
  });
});

function aToken() {
  let settled = 0;
  const token = new CreditToken({
    settled: () => {
      settled += 1;
    },
  });
  return { token, settled: () => settled };
}
