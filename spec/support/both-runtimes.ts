/**
 * One machine on both runtimes: XState's own `createActor` with a simulated clock, and
 * a machine agent in a world. What each writes down can then be compared.
 */
import { onTestFinished } from 'vitest';
import {
  type AnyActorLogic,
  type AnyEventObject,
  createActor,
  type InspectionEvent,
  SimulatedClock,
  type Snapshot,
} from 'xstate';
import { machineAgent } from '../../src/actors/machine-agent.ts';
import { World } from '../../src/testing/world.ts';
import { takeTurns } from './a-world.ts';

/** What happens to a machine from outside: an event, or so many milliseconds. */
export type Happening = AnyEventObject | number;

/** A machine that may write lines of its own. */
export type MakeMachine = (write: (line: string) => void) => AnyActorLogic;

/** Lines that were written: actions, sent and emitted events, snapshots, the end. */
export async function onXState(
  make: MakeMachine,
  script: readonly Happening[],
  input?: unknown,
): Promise<string[]> {
  const { lines, write, look, inspect } = paper();
  const clock = new SimulatedClock();
  const actor = createActor(make(write), { clock, id: 'machine', inspect, input, logger: () => {} } as never);
  actor.subscribe({
    next: look,
    error: (failure) => write(`failed: ${String(failure)}`),
    complete: () => {},
  });
  actor.on('*', (event) => write(`emitted ${JSON.stringify(event)}`));
  actor.start();
  await rounds();
  for (const happening of script) {
    if (typeof happening === 'number') {
      for (let left = happening; left > 0; left -= 1) {
        clock.increment(1);
        await rounds();
      }
    } else if (actor.getSnapshot().status === 'active') {
      actor.send(happening as never);
      await rounds();
    }
  }
  const written = untilItFailed(lines);
  actor.stop();
  return written;
}

/** The same as an agent. */
export async function onTroupe(
  make: MakeMachine,
  script: readonly Happening[],
  input?: unknown,
): Promise<string[]> {
  const { lines, write, look, inspect } = paper();
  const world = new World({ choose: () => 0, system: { supervision: { restartsMax: 0 } } });
  onTestFinished(() => world.close());
  const { system, environment } = world;
  const ref = system.spawn(machineAgent({ name: 'machine', machine: make(write), inspect }), { input });
  ref.subscribe({ next: look, error: (failure) => write(`failed: ${String(failure)}`), complete: () => {} });
  ref.on('*', (event) => write(`emitted ${JSON.stringify(event)}`));
  await takeTurns(world);
  for (const happening of script) {
    if (typeof happening === 'number') {
      for (let left = happening; left > 0; left -= 1) {
        const atMs = world.nowMs + 1;
        // By hand: as on XState's clock, all that is due at once happens before promises go on.
        while (environment.readyCount > 0 || (environment.nextDueMs ?? Number.POSITIVE_INFINITY) <= atMs) {
          environment.step();
        }
        environment.advanceTo(atMs);
        await rounds();
        await takeTurns(world);
      }
    } else if (ref.getSnapshot().status === 'active') {
      ref.send(happening as never);
      await takeTurns(world);
    }
    await rounds();
    await takeTurns(world);
  }
  return untilItFailed(lines);
}

/** What a machine that fails stops on its way is its own affair here, and an agent's supervisor's there. */
function untilItFailed(lines: readonly string[]): string[] {
  const failed = lines.findIndex((line) => line.startsWith('failed: '));
  if (lines[failed]?.match(/system ?id/i)) {
    // A name given twice throws within a step: XState has done half of it by then, an agent nothing.
    const before = lines.slice(0, failed);
    return [
      ...before.slice(0, before.findLastIndex((line) => line.startsWith('is ')) + 1),
      'failed: a name twice',
    ];
  }
  const cause = lines
    .slice(0, failed)
    .findLastIndex((line) => / -> machine$/.test(line) && line.startsWith('xstate.error.'));
  return failed < 0 || cause < 0 ? [...lines] : [...lines.slice(0, cause + 1), lines[failed]!];
}

function paper() {
  const lines: string[] = [];
  let last = '';
  const write = (line: string): void => {
    lines.push(line);
  };
  const look = (snapshot: Snapshot<unknown>): void => {
    const { status, output, value, context } = snapshot as Snapshot<unknown> & {
      value?: unknown;
      context?: unknown;
    };
    const seen = JSON.stringify({ status, output, value, context: plain(context) });
    if (seen !== last) {
      last = seen;
      write(`is ${seen}`);
    }
  };
  const inspect = (event: InspectionEvent): void => {
    if (
      event.type === '@xstate.event' &&
      event.event.type !== 'xstate.init' &&
      event.event.type !== 'xstate.stop'
    ) {
      const { id, _processingStatus } = event.actorRef as { id?: string; _processingStatus?: number };
      // Of what comes to a machine that is done, XState tells nothing, and an agent its inspector still; neither takes it.
      const isLate = id === 'machine' && last.startsWith('{"status":"done"');
      if (_processingStatus !== 2 && !isLate) {
        write(`${event.event.type} -> ${id}`);
      }
    }
  };
  return { lines, write, look, inspect };
}

/** Without what is no data: refs of children. */
function plain(context: unknown): unknown {
  return typeof context === 'object' && context !== null
    ? Object.fromEntries(
        Object.entries(context).filter(
          ([, value]) => typeof value !== 'object' || value === null || !('send' in value),
        ),
      )
    : context;
}

/** Lets promises go on, as far as they can by themselves. */
async function rounds(): Promise<void> {
  for (let round = 0; round < 3; round += 1) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}
