/**
 * What does an envelope cost as bytes and back? Nanoseconds a round trip, about 340 B as JSON.
 *
 * Each variant makes bytes of an envelope and an equal envelope of the bytes. JSON has no bytes and no `Infinity`, so
 * its variant does what people do: text to bytes and back, and a field for what is absent. `structuredClone` makes no
 * bytes at all; `serialize` of node:v8, which does, is what is beneath it. msgpackr is measured twice: each message by
 * itself, as ours are, and with records that both sides have agreed on before.
 *
 *     npm run bench -- codec
 */
import { deserialize, serialize } from 'node:v8';
import { Packr } from 'msgpackr/pack';
import { codec, type EnvelopeFacts } from 'troupe';
import { type Benchmark, justDoIt, type VariantOptions } from './harness/benchmark.ts';

/** 342 bytes of JSON, 173 bytes packed. */
const envelopeOf = (id: number): EnvelopeFacts<{ quantity: number }> => ({
  id,
  to: '/orders/desk',
  sender: '/shop/clerk-7',
  topic: 'orders.placed',
  payload: {
    orderId: 'o-20261121-42',
    customer: 'c-8891',
    note: 'leave at the door',
    express: true,
    quantity: id % 100,
  } as { quantity: number },
  expectsReply: false,
  correlationId: 48_210,
  causationId: 48_209,
  threadId: 't-5512',
  deadlineMs: 1_795_300_000_123,
  hops: 3,
  headers: { tenant: 'acme' },
  budget: undefined,
});

const envelopes = Array.from({ length: 64 }, (_, id) => envelopeOf(10_000 + id));

/** What is looked at of an envelope that came back: both ends and the middle. */
const checksumOf = ({ id, payload, headers }: EnvelopeFacts): number =>
  id + (payload as { quantity: number }).quantity + headers['tenant']!.length;

async function roundTrips(
  { size, measure = justDoIt }: VariantOptions,
  thereAndBack: (envelope: EnvelopeFacts) => EnvelopeFacts,
) {
  let checksum = 0;

  await measure(() => {
    for (let index = 0; index < size; index += 1) {
      checksum += checksumOf(thereAndBack(envelopes[index % envelopes.length]!));
    }
  });

  return { checksum };
}

export function troupe(options: VariantOptions) {
  const wire = codec();
  return roundTrips(options, (envelope) => wire.unpack(wire.pack(envelope)));
}

/** All fields, those that JSON leaves out included. */
const revived = (facts: Partial<EnvelopeFacts>): EnvelopeFacts => ({
  id: facts.id!,
  to: facts.to,
  sender: facts.sender,
  topic: facts.topic,
  payload: facts.payload,
  expectsReply: facts.expectsReply!,
  correlationId: facts.correlationId,
  causationId: facts.causationId,
  threadId: facts.threadId,
  deadlineMs: facts.deadlineMs ?? Number.POSITIVE_INFINITY,
  hops: facts.hops!,
  headers: facts.headers!,
  budget: facts.budget,
});

export function json(options: VariantOptions) {
  return roundTrips(options, (envelope) =>
    revived(JSON.parse(Buffer.from(JSON.stringify(envelope)).toString())),
  );
}

export function jsonText(options: VariantOptions) {
  return roundTrips(options, (envelope) => revived(JSON.parse(JSON.stringify(envelope))));
}

export function cloned(options: VariantOptions) {
  return roundTrips(options, (envelope) => structuredClone(envelope));
}

export function v8(options: VariantOptions) {
  return roundTrips(options, (envelope) => deserialize(serialize(envelope)));
}

export function msgpackr(options: VariantOptions) {
  const packr = new Packr({ moreTypes: true });
  return roundTrips(options, (envelope) => packr.unpack(packr.pack(envelope)));
}

export function msgpackrAgreed(options: VariantOptions) {
  const packr = new Packr({ moreTypes: true, structures: [], maxSharedStructures: 32 });
  return roundTrips(options, (envelope) => packr.unpack(packr.pack(envelope)));
}

export const benchmark: Benchmark = {
  question: 'What does an envelope cost as bytes and back?',
  unit: 'envelope',
  size: 50_000,
  variants: {
    'troupe, codec': troupe,
    'JSON, as bytes': json,
    'JSON, as text': jsonText,
    structuredClone: cloned,
    'serialize of node:v8': v8,
    'msgpackr, each alone': msgpackr,
    'msgpackr, records agreed on': msgpackrAgreed,
  },
  baseline: 'JSON, as bytes',
  goals: [{ variant: 'troupe, codec', beside: 'JSON, as bytes', timesMax: 0.5 }],
};
