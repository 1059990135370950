import { expect, it } from 'vitest';
import { defineAgent } from '../../src/actors/define-agent.ts';
import type { Handling } from '../../src/actors/handling.ts';
import { Together } from '../../src/actors/together.ts';
import { type } from '../../src/core/schema.ts';
import { defineTopic } from '../../src/core/topic.ts';
import { aWorld } from '../support/a-world.ts';
import { anEnvelope } from '../support/an-envelope.ts';
import { cellOf } from '../support/inside.ts';

const News = defineTopic('news', { schema: type<string>() });

it('asks for several messages in the name of the latest, until the last of them is due', () => {
  const cell = cellOf(
    aWorld().system.spawn(defineAgent({ name: 'agent', subscribe: [News], receive: () => {} })),
  );
  const handlings = [30, 50, 10].map((deadlineMs) => {
    const facts = { cell, envelope: anEnvelope(), headers: { due: `${deadlineMs}` }, deadlineMs };
    return facts as unknown as Handling;
  });

  const together = new Together(handlings);

  expect(together.cause).toBe(handlings[2]!.envelope);
  expect(together.headers).toEqual({ due: '10' });
  expect(together.deadlineMs).toBe(50);
  expect(together.cell).toBe(cell);
});

it('asks for a batch of any size', () => {
  const cell = cellOf(
    aWorld().system.spawn(defineAgent({ name: 'agent', subscribe: [News], receive: () => {} })),
  );
  const facts = { cell, envelope: anEnvelope(), headers: undefined, deadlineMs: 7 };
  const handlings = new Array<Handling>(500_000).fill(facts as unknown as Handling);

  expect(new Together(handlings).deadlineMs).toBe(7);
});
