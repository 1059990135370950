import { type AgentRef, defineAgent, defineTopic, type } from 'troupe';
import { describe, expect, it } from 'vitest';
import { oneAtATime } from '../../../src/testing/index.ts';
import { brokenBy } from '../../support/breaking-a-law.ts';
import { cellOf } from '../../support/inside.ts';

const Job = defineTopic('job', { schema: type<string>() });

/** An agent that does something to the cell it is. */
const worker = (act: (ref: AgentRef<never, unknown>) => void) =>
  defineAgent({
    name: 'worker',
    concurrency: 2,
    subscribe: [Job],
    receive: (_, context) => act(context.self as AgentRef<never, unknown>),
  });

describe('one at a time', () => {
  it('holds of agents that keep their windows', async () => {
    const broken = await brokenBy([oneAtATime()], (system) => {
      system.spawn(worker(() => {}));
      system.publish(Job, 'one');
      system.publish(Job, 'two');
    });

    expect(broken).toBeUndefined();
  });

  it('names the agent that has more handlings open than its window', async () => {
    const broken = await brokenBy([oneAtATime()], (system) => {
      system.spawn(
        worker((ref) => {
          cellOf(ref).open += 3;
        }),
      );
      system.publish(Job, 'one');
    });

    expect(broken).toBe('one at a time: /worker has 3 handlings open in a window of 2');
  });

  it('sees tasks that nobody has counted, and handlings that were ended twice', async () => {
    const uncounted = await brokenBy([oneAtATime()], (system) => {
      system.spawn(
        worker((ref) => {
          const cell = cellOf(ref);
          const open = {
            interrupt: () => {},
            cell,
            over: false,
            stashing: false,
            rooms: undefined,
            whenOver: undefined,
          };
          cell.openHandlings = new Set([1, 2, 3].map(() => ({ ...open, envelope: {} as never })));
        }),
      );
      system.publish(Job, 'one');
    });
    const endedTwice = await brokenBy([oneAtATime()], (system) => {
      system.spawn(
        worker((ref) => {
          cellOf(ref).open -= 2;
        }),
      );
      system.publish(Job, 'one');
    });

    expect(uncounted).toBe('one at a time: /worker has 3 handlings open in a window of 2');
    expect(endedTwice).toBe('one at a time: /worker has -2 handlings open in a window of 2');
  });
});
