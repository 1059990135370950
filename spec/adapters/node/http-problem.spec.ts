import { describe, expect, it, onTestFinished, vi } from 'vitest';
import {
  AgentDefect,
  Interrupted,
  NoResponder,
  RequestTimeout,
} from '../../../src/actors/request-failures.ts';
import {
  type Problem,
  problemHeaders,
  problemJson,
  problemOf,
} from '../../../src/adapters/node/http-problem.ts';
import { BodyUnusable } from '../../../src/adapters/node/read-json.ts';
import { BudgetExceeded } from '../../../src/core/budget.ts';
import { Failure, type FailureClass } from '../../../src/core/failure.ts';
import { MailboxFull } from '../../../src/core/mailbox.ts';
import { InvalidParams } from '../../../src/core/schema.ts';

const ofClass = (kind: FailureClass) => ({ class: kind, code: 'OUT_OF_STOCK' });
const issues = [{ path: 'name', message: 'expected text' }];

describe('the problem a failure becomes', () => {
  it.each([
    [new RequestTimeout({ target: '/a', timeoutMs: 5 }), 504, 'TIMEOUT', undefined],
    [new NoResponder({ target: '/a', asked: 0 }), 503, 'NO_RESPONDER', 1],
    [new NoResponder({ target: '/a', asked: 1 }), 502, 'NO_RESPONDER', undefined],
    [new MailboxFull({ receiver: '/a', payload: 'secret', capacity: 3 }), 503, 'MAILBOX_FULL', 1],
    [new Interrupted({ agent: '/a', reason: 'a stop' }), 503, 'INTERRUPTED', 1],
    [new InvalidParams({ what: "payload of 'a'", value: 1, issues }), 422, 'INVALID_PARAMS', undefined],
    [new InvalidParams({ what: 'target', value: 1, issues }), 500, 'DEFECT', undefined],
    [new BudgetExceeded({ resource: 'tokens', limit: 1, spent: 2 }), 500, 'BUDGET_EXCEEDED', undefined],
    [new AgentDefect({ agent: '/a', cause: new Error('secret') }), 500, 'DEFECT', undefined],
    [new BodyUnusable({ code: 'BODY_TOO_LARGE', found: '' }), 413, 'BODY_TOO_LARGE', undefined],
    [new BodyUnusable({ code: 'BODY_MALFORMED', found: '' }), 400, 'BODY_MALFORMED', undefined],
    [new BodyUnusable({ code: 'BODY_NOT_JSON', found: '' }), 415, 'BODY_NOT_JSON', undefined],
    [ofClass('transient'), 503, 'OUT_OF_STOCK', 1],
    [ofClass('overload'), 503, 'OUT_OF_STOCK', 1],
    [ofClass('invalid'), 422, 'OUT_OF_STOCK', undefined],
    [ofClass('permanent'), 500, 'OUT_OF_STOCK', undefined],
    [ofClass('interrupted'), 503, 'OUT_OF_STOCK', 1],
    [ofClass('defect'), 500, 'DEFECT', undefined],
    [{ class: 'permanent' }, 500, 'FAILED', undefined],
    [new TypeError('secret'), 500, 'DEFECT', undefined],
    ['secret', 500, 'DEFECT', undefined],
    [undefined, 500, 'DEFECT', undefined],
  ])('of %o has the status %i and the code %s', (failure, status, code, retryAfterS) => {
    const problem = problemOf(failure);

    expect([problem.status, problem.code, problem.retryAfterS]).toEqual([status, code, retryAfterS]);
    expect(problemHeaders(problem)['retry-after']).toBe(retryAfterS === undefined ? undefined : '1');
    expect(problemJson(problem)).not.toMatch(/secret|\/a/);
  });

  it('says what is wrong with what the client sent, and not what it sent', () => {
    const failure = new InvalidParams({ what: "payload of 'login'", value: { password: 'hunter2' }, issues });

    const problem = problemOf(failure);

    expect(problem.issues).toEqual(issues);
    expect(problemJson(problem)).not.toContain('hunter2');
  });

  it('is another where the service says so', () => {
    class SoldOut extends Failure {
      readonly _tag = 'SoldOut';
      readonly code = 'SOLD_OUT';
      readonly class = 'permanent';
    }

    const problem = problemOf(new SoldOut(), {
      problem: (failure, usual) => (failure instanceof SoldOut ? { ...usual, status: 409 } : usual),
    });

    expect([problem.status, problem.code]).toEqual([409, 'SOLD_OUT']);
  });

  it.each<[string, () => unknown]>([
    ['no status', () => ({ status: 0 })],
    ['a status without a body', () => ({ status: 204 })],
    ['a status that is none', () => ({ status: 'teapot' })],
    ['what JSON has no word for', () => ({ detail: 1n })],
    ['a time that is none', () => ({ retryAfterS: Number.NaN })],
    ['a time in the past', () => ({ retryAfterS: -1 })],
    ['a promise that fails', () => Promise.reject(new Error('later'))],
    ['what cannot be described', () => Promise.reject(Object.create(null))],
  ])('is the usual one when the service says %s, and that is a warning', async (_, says) => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    onTestFinished(() => warn.mockRestore());

    const problem = problemOf('secret', {
      problem: (_failure, usual) => {
        const said = says();
        return (said instanceof Promise ? said : { ...usual, ...(said as object) }) as Problem;
      },
    });
    await Promise.resolve();

    expect(problem).toEqual(problemOf('secret'));
    expect(warn).toHaveBeenCalled();
  });

  it('is the usual one when the service says nothing else, and may say seconds in parts', () => {
    const failure = ofClass('overload');

    expect(problemOf(failure, { problem: () => undefined as never })).toEqual(problemOf(failure));
    const later = problemOf(failure, { problem: (_, usual) => ({ ...usual, retryAfterS: 1.2 }) });
    expect(problemHeaders(later)['retry-after']).toBe('2');
  });

  it('is a defect when a failure throws as it is looked at, or says what cannot be written', () => {
    const trap = {
      class: 'permanent',
      get code(): string {
        throw new Error('do not look');
      },
    };
    const issues = [{ path: 'a', message: 1n as never }];
    const unwritable = new InvalidParams({ what: "payload of 'login'", value: 1, issues });

    expect([trap, unwritable].map((failure) => problemOf(failure).code)).toEqual(['DEFECT', 'DEFECT']);
  });

  it('is the usual one when what the service says throws, and that is a warning', () => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    onTestFinished(() => warn.mockRestore());

    const problem = problemOf('secret', {
      problem: () => {
        throw 'a string';
      },
    });

    expect(problem.status).toBe(500);
    expect(warn).toHaveBeenCalledWith(new Error('a string'));
  });
});
