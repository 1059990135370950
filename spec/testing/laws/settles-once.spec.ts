import { defineAgent, defineTopic, type } from 'troupe';
import { describe, expect, it } from 'vitest';
import type { WitnessedRequest } from '../../../src/core/witness.ts';
import { settlesOnce } from '../../../src/testing/index.ts';
import { brokenBy } from '../../support/breaking-a-law.ts';
import { kernelOf } from '../../support/inside.ts';

const Question = defineTopic('question', { schema: type<string>(), reply: type<string>() });
const request = { id: 1, target: '/sage', requester: { path: undefined } } as unknown as WitnessedRequest;

describe('settles once', () => {
  it('holds of answers, failures, timeouts and streams', async () => {
    const broken = await brokenBy([settlesOnce()], async (system) => {
      const sage = system.spawn(
        defineAgent({
          name: 'sage',
          subscribe: [Question],
          receive: (question) => {
            if (question === 'why?') {
              throw new Error('nobody knows');
            }
            return question === 'when?' ? new Promise<string>(() => {}) : 'because';
          },
        }),
      );
      system.spawn(
        defineAgent({
          name: 'pupil',
          subscribe: [defineTopic('lesson', { schema: type<null>() })],
          receive: async (_, context) => void (await context.request(sage, 'who?')),
        }),
      );
      await system.request(sage, 'who?');
      await system.request(sage, 'why?').catch(() => {});
      await system.request(sage, 'when?', { timeoutMs: 10 }).catch(() => {});
      for await (const _ of system.stream(sage, 'who?')) {
        // It is only read.
      }
    });

    expect(broken).toBeUndefined();
  });

  it('finds a request that settles twice', async () => {
    const broken = await brokenBy([settlesOnce()], (system) => {
      const { witness } = kernelOf(system);
      witness!.asked(request, 100);
      witness!.settled(request);
      witness!.delivered(request);
      witness!.settled(request);
    });

    expect(broken).toBe('settles once: the request of somebody outside to /sage settled twice');
  });

  it('finds one that settles late, or not at all, or tells nobody', async () => {
    const late = await brokenBy([settlesOnce()], (system, world) => {
      kernelOf(system).witness!.asked(request, 10);
      world.environment.schedule(11, () => kernelOf(system).witness!.settled(request));
    });
    const never = await brokenBy([settlesOnce()], (system) => {
      kernelOf(system).witness!.asked({ ...request, requester: { path: '/pupil' } }, 10);
    });
    const untold = await brokenBy([settlesOnce()], (system) => {
      kernelOf(system).witness!.delivered(request);
      kernelOf(system).witness!.asked(request, 10);
      kernelOf(system).witness!.settled(request);
    });

    expect(late).toContain('to /sage was due at 10 ms and settled at 11 ms');
    expect(never).toBe('settles once: the request of /pupil to /sage was due at 10 ms and has not settled');
    expect(untold).toContain('to /sage has settled, and whoever waits for it was not told');
  });

  it('lets a request wait for ever until the system stops', async () => {
    const broken = await brokenBy([settlesOnce()], (system) => {
      kernelOf(system).witness!.asked(request, Number.POSITIVE_INFINITY);
    });

    expect(broken).toContain('was due at Infinity ms and has not settled');
  });
});
