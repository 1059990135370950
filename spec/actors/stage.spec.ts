import { describe, expect, it } from 'vitest';
import type { Cell } from '../../src/actors/cell.ts';
import { Stage, type StagedTarget } from '../../src/actors/stage.ts';
import type { Tracing } from '../../src/core/tracing.ts';
import { anEnvelope } from '../support/an-envelope.ts';

const target = { name: 'somebody' } as unknown as StagedTarget;

/** An agent whose steps may have so many effects, of which some of an earlier step have not left. */
const anAgent = (effectsMax: number, waiting?: number) =>
  ({
    path: '/a',
    definition: { effectsMax },
    outbox: waiting === undefined ? undefined : { size: waiting },
  }) as unknown as Cell;

describe('the stage', () => {
  it('is empty before anything stands on it', () => {
    const stage = new Stage();

    expect([stage.size, stage.target(0), stage.envelope(0)]).toEqual([0, undefined, undefined]);
  });

  it('has room for as many effects as a step may have', () => {
    const stage = new Stage();
    const add = () => stage.add(anAgent(2), target, anEnvelope({ payload: 'x' }));
    add();
    add();

    expect(add).toThrow(
      expect.objectContaining({
        _tag: 'MailboxFull',
        receiver: 'the effects of one step of /a',
        payload: 'x',
        capacity: 2,
      }),
    );
    expect(stage.size).toBe(2);
  });

  it('has less room where effects of an earlier step have not left', () => {
    const stage = new Stage();
    stage.add(anAgent(3, 2), target, anEnvelope());

    expect(() => stage.add(anAgent(3, 2), target, anEnvelope())).toThrow('the effects of one step of /a');
    expect(() => stage.add(anAgent(3, 1), target, anEnvelope())).not.toThrow();
  });

  it('undoes at once an effect for which there is no room, and names no payload where there is none', () => {
    const stage = new Stage();
    const undone: string[] = [];
    const add = (name: string) =>
      stage.addAct(
        anAgent(1),
        () => {},
        () => undone.push(name),
      );
    add('first');

    expect(() => add('second')).toThrow(expect.objectContaining({ _tag: 'MailboxFull', payload: undefined }));
    expect(undone).toEqual(['second']);
  });

  it('undoes what stands on it, the last first, tells of each message that is lost, and is empty then', () => {
    const stage = new Stage();
    const agent = anAgent(10);
    const undone: string[] = [];
    const lost: unknown[] = [];
    const envelope = anEnvelope({ id: 7 });
    for (const name of ['first', 'second']) {
      stage.addAct(
        agent,
        () => {},
        () => undone.push(name),
      );
    }
    stage.add(agent, target, envelope);

    stage.undo('why', { lost: (...facts: unknown[]) => lost.push(facts) } as unknown as Tracing);

    expect(undone).toEqual(['second', 'first']);
    expect(lost).toEqual([[envelope, 'why']]);
    expect([stage.size, stage.target(0), stage.envelope(2)]).toEqual([0, undefined, undefined]);
  });

  it('tells of nothing that stood there before', () => {
    const stage = new Stage();
    const agent = anAgent(10);
    const lost: unknown[] = [];
    stage.add(agent, target, anEnvelope());
    stage.clear();

    stage.undo('why', { lost: (...facts: unknown[]) => lost.push(facts) } as unknown as Tracing);

    expect([lost, stage.envelope(0)]).toEqual([[], undefined]);
  });
});
