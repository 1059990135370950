import { describe, expect, it } from 'vitest';
import { type Envelope, noHeaders } from '../../src/core/envelope.ts';
import type { Attached } from '../../src/core/tracing.ts';
import type { FaultEvent, OnTheWay } from '../../src/testing/fault.ts';
import { StoryRecorder, withoutColours } from '../../src/testing/story-recorder.ts';
import { anEnvelope } from '../support/an-envelope.ts';

const said = (facts: Partial<Envelope> = {}) =>
  anEnvelope({ topic: 'said', sender: '/ada', payload: 1, ...facts });
const message: OnTheWay = {
  kind: 'message',
  topic: 'said',
  payload: 1,
  sender: '/ada',
  receiver: '/bob',
  linked: false,
};

function aRecorder() {
  const recorder = new StoryRecorder(() => 7);
  const { tracing } = recorder.instrumentation('a').attach(undefined as never) as Attached;
  return { recorder, tracing: tracing! };
}

describe('a recorder of stories', () => {
  it('knows a message by its id, so that a copy is the same message', () => {
    const { recorder, tracing } = aRecorder();

    tracing.left(said());
    tracing.taken({ agent: '/bob', definition: 'bob', envelope: { ...said() }, timer: undefined });

    expect(recorder.facts.map((fact) => ('message' in fact ? fact.message : undefined))).toEqual([1, 1]);
  });

  it('answers as the runtime would about headers', () => {
    const { tracing } = aRecorder();
    const saying = { verb: 'tell', topic: 'said', to: undefined, sender: undefined, id: 1 } as const;
    const more = { threadId: undefined, by: undefined, detached: false, inherited: noHeaders } as const;

    expect(tracing.said({ ...saying, ...more, given: undefined })).toBe(noHeaders);
    expect(tracing.said({ ...saying, ...more, given: { a: 'b' } })).toEqual({ a: 'b' });
    expect(tracing.asked({ ...saying, ...more, given: { a: 'b' } }).headers).toEqual({ a: 'b' });
  });

  it('writes down what was refused, but not twice what became a dead letter', () => {
    const { recorder, tracing } = aRecorder();

    tracing.lost(said({ topic: undefined, payload: undefined }), new RangeError('no'));
    tracing.lost(said(), undefined, 'Stopped');

    expect(recorder.facts).toEqual([
      {
        _tag: 'Refused',
        atMs: 7,
        system: 'a',
        from: '/ada',
        to: undefined,
        topic: 'a message',
        payload: '',
        why: 'RangeError: no',
      },
    ]);
  });

  it('follows a handling without changing it', () => {
    const { recorder, tracing } = aRecorder();

    const handling = tracing.taken({ agent: '/bob', definition: 'bob', envelope: said(), timer: undefined });
    const inside = handling.within(() => 'inside');
    handling.failed(new Error('told of as an event'));
    handling.ended('failed', undefined, undefined);

    expect(inside).toBe('inside');
    expect(handling.headers).toBe(noHeaders);
    expect(recorder.facts.map(({ _tag }) => _tag)).toEqual(['Taken', 'Ended']);
  });

  it('writes down faults in words, with the message they hit where it is known', () => {
    const { recorder, tracing } = aRecorder();
    const faults: FaultEvent[] = [
      { _tag: 'Dropped', atMs: 7, message, lateMs: 0 },
      { _tag: 'Duplicated', atMs: 7, message, lateMs: 5 },
      { _tag: 'Duplicated', atMs: 7, message: { ...message, kind: 'reply', receiver: undefined }, lateMs: 0 },
      { _tag: 'Delayed', atMs: 7, message: { ...message, topic: undefined, sender: undefined }, lateMs: 5 },
      { _tag: 'Crashed', atMs: 7, what: 'agent', name: '/bob' },
      { _tag: 'Crashed', atMs: 7, what: 'host', name: 'b' },
      { _tag: 'Restarted', atMs: 7, name: 'b' },
      { _tag: 'Partitioned', atMs: 7, between: ['a', 'b'] },
      { _tag: 'Healed', atMs: 7, between: ['a', 'b'] },
    ];

    tracing.left(said());
    for (const fault of faults) {
      recorder.happened(fault);
    }
    tracing.left(said({ id: 2, sender: '/eve' }));
    recorder.happened(faults[0]!);

    expect(recorder.choices).toEqual([
      'said from /ada to /bob is lost (at 7 ms)',
      'said from /ada to /bob is doubled, the copy comes 5 ms later (at 7 ms)',
      'the reply 1 to said from /ada to outside is doubled (at 7 ms)',
      'a message from outside to /bob is held back 5 ms (at 7 ms)',
      '/bob is made to crash (at 7 ms)',
      'host b is made to crash (at 7 ms)',
      'host b begins anew (at 7 ms)',
      'the link between a and b carries nothing (at 7 ms)',
      'the link between a and b is whole again (at 7 ms)',
      'said from /ada to /bob is lost (at 7 ms)',
    ]);
    const hit = recorder.facts.flatMap((fact) => (fact._tag === 'Fault' ? [fact.message] : []));
    expect(hit.slice(0, 4)).toEqual([1, 1, undefined, undefined]);
    expect(hit.at(-1)).toBeUndefined();
    expect(recorder.facts.filter((fact) => fact._tag === 'Fault' && fact.answer !== undefined)).toEqual([]);
  });

  it('writes down between whom an answer was that was lost or held back, unless that was on a link', () => {
    const { recorder } = aRecorder();
    const reply: OnTheWay = { ...message, kind: 'reply', payload: undefined, receiver: undefined };

    recorder.happened({ _tag: 'Dropped', atMs: 7, message: reply, lateMs: 0 });
    recorder.happened({ _tag: 'Delayed', atMs: 7, message: { ...reply, kind: 'failure' }, lateMs: 0 });
    recorder.happened({ _tag: 'Dropped', atMs: 7, message: { ...reply, linked: true }, lateMs: 0 });
    recorder.happened({ _tag: 'Dropped', atMs: 7, message: { ...reply, kind: 'end' }, lateMs: 0 });

    const answers = recorder.facts.map((fact) => (fact._tag === 'Fault' ? fact.answer : fact));
    expect(answers).toEqual([
      { from: '/ada', to: undefined },
      { from: '/ada', to: undefined },
      undefined,
      undefined,
    ]);
    expect(recorder.choices[0]).toBe('the reply to said from /ada to outside is lost (at 7 ms)');
  });

  it('hears nothing of a host that is gone', () => {
    const recorder = new StoryRecorder(() => 0);
    const { tracing, listener } = recorder
      .instrumentation('a', () => false)
      .attach(undefined as never) as Attached;

    tracing!.left(said());
    tracing!.terminated!('/ada', '/bob');
    tracing!.taken({ agent: '/bob', definition: 'bob', envelope: said(), timer: undefined });
    listener.next({ _tag: 'SystemStopped', atMs: 0 });

    expect(recorder.facts).toEqual([]);
  });

  it('forgets the middle of a run that does not end', () => {
    const { recorder, tracing } = aRecorder();

    for (let id = 1; id <= 50_000; id += 1) {
      tracing.left(said({ id }));
    }

    const numbers = recorder.facts.map((fact) => (fact._tag === 'Sent' ? fact.message : 0));
    expect(numbers.length).toBeLessThan(40_000);
    expect([numbers[0], numbers.at(-1)]).toEqual([1, 50_000]);
    expect(numbers.length + recorder.omitted).toBe(50_000);
    expect(numbers[recorder.omittedAfter]).toBe(recorder.omittedAfter + recorder.omitted + 1);
  });

  it('takes colours out of texts', () => {
    expect(withoutColours('\u001b[31mred\u001b[39m, \u001b[1;4mbold')).toBe('red, bold');
  });
});
