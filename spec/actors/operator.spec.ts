import { describe, expect, it } from 'vitest';
import { checkRoom, Held } from '../../src/actors/operator.ts';
import type { CreditToken } from '../../src/core/credit.ts';

/** A token, and what is done with it. */
function aToken() {
  const log: string[] = [];
  const told: (() => void)[] = [];
  const token = {
    whenRevoked: (act: () => void) => {
      told.push(act);
      return () => log.push('forgotten');
    },
    release: () => log.push('released'),
    inTurn: (act: () => void) => {
      log.push('in turn');
      act();
    },
  } as unknown as CreditToken;
  return { token, log, revoke: () => told.forEach((act) => void act()) };
}

describe('a value that an operator holds', () => {
  it('gives its credit back once, however often it is let go', () => {
    const { token, log } = aToken();
    const held = new Held('a', token, () => {});
    held.letGo();
    held.letGo();

    expect([held.gone, log]).toEqual([true, ['forgotten', 'released']]);
  });

  it('has been let go of when the operator hears that nobody wants it', () => {
    const { token, log, revoke } = aToken();
    const heard: unknown[] = [];
    const held = new Held('a', token, (gone) => heard.push([gone.value, gone.gone]));
    revoke();
    held.letGo();

    expect([heard, log]).toEqual([[['a', true]], ['forgotten', 'released']]);
  });

  it('is worked on in the turn of whoever handed it out, and at once where nobody did', () => {
    const { token, log } = aToken();
    const done: string[] = [];
    new Held('a', token, () => {}).inTurn(() => done.push('a'));
    new Held('b', undefined, () => {}).inTurn(() => done.push('b'));

    expect([done, log]).toEqual([['a', 'b'], ['in turn']]);
  });

  it('has room among 1 024 others where its source knows no credit', () => {
    const held = new Held('a', undefined, () => {});

    expect(() => checkRoom('batch', held, 1_023)).not.toThrow();
    expect(() => checkRoom('batch', held, 1_024)).toThrow(
      expect.objectContaining({
        _tag: 'MailboxFull',
        receiver: 'batch, behind a source that cannot be slowed down',
        payload: 'a',
        capacity: 1_024,
      }),
    );
    expect(() => checkRoom('batch', new Held('a', aToken().token, () => {}), 5_000)).not.toThrow();
  });
});
