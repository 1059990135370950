import { filter, map, Subject, tap } from 'rxjs';
import { describe, expect, it } from 'vitest';
import {
  askedWindow,
  askingForWindow,
  CreditToken,
  GatheredToken,
  pushWithToken,
  retainToken,
  tokenInScope,
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

  it('can be looked at without being retained', () => {
    const { token, settled } = aToken();
    let seen: CreditToken | undefined;

    pushWithToken(
      token,
      () => {
        seen = tokenInScope();
      },
      undefined,
    );
    token.release();

    expect(seen).toBe(token);
    expect(settled()).toBe(1);
  });

  it('of no agent is never revoked, and its turn is always', () => {
    const { token } = aToken();
    const log: string[] = [];

    const forget = token.whenRevoked(() => log.push('revoked'));
    token.inTurn(() => log.push('in turn'));
    forget();

    expect(token.revoked).toBe(false);
    expect(log).toEqual(['in turn']);
  });

  it('may have nobody to tell', () => {
    expect(() => new CreditToken().release()).not.toThrow();
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

describe('a gathered token', () => {
  /** A token that may be revoked. */
  class Revocable extends CreditToken {
    gone = false;
    tell = new Set<() => void>();

    override get revoked(): boolean {
      return this.gone;
    }

    override whenRevoked(act: () => void): () => void {
      this.tell.add(act);
      return () => this.tell.delete(act);
    }

    revoke(): void {
      this.gone = true;
      for (const tell of this.tell) tell();
    }
  }

  it('is revoked when all of its members are', () => {
    const [one, other] = [new Revocable(), new Revocable()];
    const token = new GatheredToken([one, other]);
    let told = 0;
    token.whenRevoked(() => {
      told += 1;
    });
    const forget = token.whenRevoked(() => {
      told += 100;
    });
    forget();
    one.revoke();
    expect([token.revoked, told]).toEqual([false, 0]);
    other.revoke();
    expect([token.revoked, told]).toEqual([true, 1]);
  });

  it('goes on in the turn of the latest that is wanted, or at once when it has none', () => {
    const log: string[] = [];
    const turnOf = (name: string): Revocable => {
      const token = new Revocable();
      token.inTurn = (act) => {
        log.push(name);
        act();
      };
      return token;
    };
    const [one, other] = [turnOf('one'), turnOf('other')];
    const token = new GatheredToken([one, other]);
    token.inTurn(() => {});
    other.revoke();
    token.inTurn(() => {});
    one.revoke();
    token.inTurn(() => {});
    new GatheredToken([]).inTurn(() => log.push('at once'));

    expect(log).toEqual(['other', 'one', 'other', 'at once']);
  });

  it('lets go of its members when it is settled, and has no sources without any', () => {
    let settled = 0;
    const member = new CreditToken({
      settled: () => {
        settled += 1;
      },
    });
    let told = 0;
    const token = new GatheredToken([member.retain()], () => {
      told += 1;
    });
    member.release();
    expect(token.sources).toEqual([member]);
    token.release();

    expect([settled, told]).toEqual([1, 1]);
    expect(new GatheredToken([]).sources).toEqual([]);
    expect(new GatheredToken([]).revoked).toBe(false);
    expect(member.revoked).toBe(false);
  });
});
