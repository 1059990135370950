/** One event of each kind, and an arbitrary one, for the specs of the writers. */
import fc from 'fast-check';
import type { DeadLetter } from '../../src/core/dead-letter.ts';
import type { FailureReport, SystemEvent } from '../../src/core/system-event.ts';
import { anEnvelope } from './an-envelope.ts';

export type EventOf<Tag extends SystemEvent['_tag']> = Extract<SystemEvent, { readonly _tag: Tag }>;

const aReport = (facts: Partial<FailureReport> = {}): FailureReport => ({
  atMs: 1_500,
  agent: '/shop/payer',
  supervisor: '/shop',
  failure: new RangeError('too far'),
  class: 'defect',
  envelopeId: 17,
  topic: 'orders.placed',
  directive: 'restart',
  ...facts,
});

const aDeadLetter = (facts: Partial<DeadLetter> = {}): DeadLetter => ({
  envelope: anEnvelope({ id: 17, topic: 'orders.placed', sender: '/shop', payload: { id: 'a' } }),
  to: '/shop/payer',
  cause: 'Stopped',
  atMs: 1_500,
  attempts: 0,
  ...facts,
});

export const handlingEnded = (facts: Partial<EventOf<'HandlingEnded'>> = {}): EventOf<'HandlingEnded'> => ({
  _tag: 'HandlingEnded',
  atMs: 2,
  startedAtMs: 1,
  agent: '/shop/payer',
  envelopeId: 17,
  topic: 'orders.placed',
  outcome: 'handled',
  depth: 0,
  traceparent: undefined,
  ...facts,
});

export const sent = (facts: Partial<EventOf<'Sent'>> = {}): EventOf<'Sent'> => ({
  _tag: 'Sent',
  atMs: 1,
  id: 18,
  sender: '/shop/payer',
  to: '/bank',
  topic: 'charges',
  causationId: 17,
  threadId: undefined,
  ...facts,
});

export const failed = (facts: Partial<FailureReport> = {}): EventOf<'Failed'> => ({
  _tag: 'Failed',
  atMs: 1_500,
  report: aReport(facts),
});

export const deadLettered = (facts: Partial<DeadLetter> = {}): EventOf<'DeadLettered'> => ({
  _tag: 'DeadLettered',
  atMs: 1_500,
  letter: aDeadLetter(facts),
});

export const logged = (facts: Partial<EventOf<'Logged'>> = {}): EventOf<'Logged'> => ({
  _tag: 'Logged',
  atMs: 1_500,
  agent: '/shop',
  level: 'info',
  message: 'charged the card',
  fields: undefined,
  traceparent: undefined,
  ...facts,
});

export const started: EventOf<'AgentStarted'> = {
  _tag: 'AgentStarted',
  atMs: 1_500,
  agent: '/shop',
  definition: 'shop',
};

export const restarted: EventOf<'AgentRestarted'> = {
  _tag: 'AgentRestarted',
  atMs: 1_500,
  agent: '/shop',
  restarts: 2,
};

export const stopped: EventOf<'AgentStopped'> = {
  _tag: 'AgentStopped',
  atMs: 1_500,
  agent: '/shop',
  reason: 'finished',
};

export const systemStopped: EventOf<'SystemStopped'> = { _tag: 'SystemStopped', atMs: 1_500 };

const anAgent = fc.constantFrom('/a', '/b', '/b/c');
const aTime = fc.nat({ max: 50 });
const aText = fc.string({ unit: 'binary', maxLength: 50 });
const anId = fc.integer({ min: 1, max: 20 });

/** Any event at all, with whatever users can put into one. */
export const anEvent: fc.Arbitrary<SystemEvent> = fc.oneof(
  fc.constantFrom<SystemEvent>(started, restarted, stopped, systemStopped),
  fc
    .record({ report: fc.record({ agent: anAgent, failure: fc.anything() }) })
    .map(({ report }) => failed(report)),
  fc
    .record({ payload: fc.anything(), failure: fc.anything(), topic: aText })
    .map(({ payload, failure, topic }) =>
      deadLettered({ envelope: anEnvelope({ payload, topic }), failure }),
    ),
  fc
    .record({ message: aText, fields: fc.dictionary(aText, fc.anything()) })
    .map(({ message, fields }) => logged({ message, fields })),
  fc.record({ id: anId, causationId: anId, sender: anAgent, atMs: aTime }).map(sent),
  fc
    .record({
      agent: anAgent,
      envelopeId: anId,
      startedAtMs: aTime,
      lengthMs: fc.nat({ max: 9 }),
      depth: fc.nat({ max: 3 }),
    })
    .map(({ lengthMs, ...facts }) => handlingEnded({ ...facts, atMs: facts.startedAtMs + lengthMs })),
);
