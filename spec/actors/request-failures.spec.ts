import { describe, expect, it } from 'vitest';
import {
  AgentDefect,
  HandlingOver,
  Interrupted,
  NoResponder,
  RequestTimeout,
} from '../../src/actors/request-failures.ts';
import { hostileValues } from '../support/hostile-values.ts';

describe('what becomes of a request', () => {
  it.each([
    [
      () => new RequestTimeout({ target: '/a', timeoutMs: 30_000.4 }),
      'TIMEOUT',
      'transient',
      "no reply from '/a' within 30000 ms; whether it did the work is not known",
    ],
    [
      () => new NoResponder({ target: 'ask', asked: 0 }),
      'NO_RESPONDER',
      'transient',
      "nobody is there to answer at 'ask'",
    ],
    [
      () => new NoResponder({ target: 'ask', asked: 2 }),
      'NO_RESPONDER',
      'transient',
      "'ask' was done with the request without answering it (2 asked); a handler answers by what it returns or by context.reply",
    ],
    [
      () => new Interrupted({ agent: '/a', reason: 'the user left' }),
      'INTERRUPTED',
      'interrupted',
      "work of '/a' was interrupted: the user left",
    ],
    [
      () => new HandlingOver({ agent: '/a' }),
      'HANDLING_OVER',
      'interrupted',
      "the handling of '/a' this context belonged to is over; work that goes on after it uses context.detach()",
    ],
    [
      () => new AgentDefect({ agent: '/a', cause: new Error('no ink') }),
      'DEFECT',
      'permanent',
      "agent '/a' threw: no ink",
    ],
  ])('is said plainly: %s', (make, code, itsClass, message) => {
    expect(make()).toMatchObject({ code, class: itsClass, message });
  });

  it('may keep what the work had, beside why it ended', () => {
    const interrupted = new Interrupted({ agent: '/a', reason: 'stopped', cause: 'why' });

    expect(interrupted.withPartial('half a page')).toMatchObject({
      agent: '/a',
      reason: 'stopped',
      partial: 'half a page',
      cause: 'why',
    });
    expect(new Interrupted({ agent: '/a', reason: 'stopped' }).withPartial(1)).not.toHaveProperty('cause');
  });

  it.each(hostileValues)('can be said although an agent threw %s', (_, cause) => {
    expect(String(new AgentDefect({ agent: '/a', cause }))).toContain("agent '/a' threw");
  });
});
