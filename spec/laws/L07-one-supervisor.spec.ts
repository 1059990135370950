/**
 * L7: a failure reaches exactly one supervisor, and restarts never exceed the
 * intensity in any window.
 *
 * What is thrown by work that had been ended from outside is disowned, and reaches
 * nobody. Restarts are those that happened, at the times they happened. A child
 * that is born again because its parent was is another child.
 */
import { describe, expect, it } from 'vitest';
import type { SupervisionOptions } from '../../src/actors/supervision.ts';
import type { DirectiveTag, FailureReport, SystemEvent } from '../../src/core/system-event.ts';
import { systemFailures } from '../../src/core/system-topics.ts';
import { type Explored, explore, type World } from '../../src/testing/index.ts';
import { type Customs, Family, Mishap, treatment } from '../support/family.ts';
import { everyFault, lawExploration, lawRuns, lawTimeoutMs } from '../support/law-runs.ts';

const anyCustoms: Customs = {
  strategies: ['one-for-one', 'one-for-all', 'rest-for-one'],
  kinds: ['transient', 'permanent', 'temporary'],
};

/** Where whatever a supervisor decided can be seen from outside. */
const plainCustoms: Customs = { strategies: ['one-for-one'], kinds: ['transient', 'temporary'] };

describe('supervision', () => {
  it(
    'law: a failure reaches exactly one supervisor, above the agent that failed',
    async () => {
      const explored = await exploreFamilies(anyCustoms, ({ family, reports }) => {
        const failures = reports.map(({ failure }) => failure);
        const mishaps = failures.filter((failure) => failure instanceof Mishap);

        expect(failures.length).toBe(new Set(failures).size);
        expect(mishaps.map(String).toSorted()).toEqual(
          family.mishaps
            .filter(({ ended }) => ended)
            .map(String)
            .toSorted(),
        );
        expect(reports.filter(({ agent, supervisor }) => !isAbove(supervisor, agent))).toEqual([]);
        expect(family.system.health().suspended).toEqual([]);
      });

      expect(explored.runs).toBeGreaterThanOrEqual(lawRuns);
    },
    lawTimeoutMs,
  );

  it(
    'law: restarts never exceed the intensity in any window',
    async () => {
      const explored = await exploreFamilies(anyCustoms, ({ family }) => {
        const tooMany = livesIn(family.events).filter(({ path, restartsMs }) => {
          const { restartsMax, windowMs } = family.supervisions.get(parentOf(path))!;
          return mostWithin(windowMs, restartsMs) > restartsMax;
        });

        expect(tooMany).toEqual([]);
      });

      expect(explored.runs).toBeGreaterThanOrEqual(lawRuns);
    },
    lawTimeoutMs,
  );

  it(
    'law: a restart is granted just when its window has room for one more',
    async () => {
      const explored = await exploreFamilies(plainCustoms, ({ family }) => {
        expect(wrongDecisionsIn(family)).toEqual([]);
      });

      expect(explored.runs).toBeGreaterThanOrEqual(lawRuns);
    },
    lawTimeoutMs,
  );
});

interface Told {
  readonly family: Family;
  /** As heard on `system.failures`. */
  readonly reports: readonly FailureReport[];
}

function exploreFamilies(customs: Customs, atQuiet: (told: Told) => void): Promise<Explored> {
  const told = new WeakMap<World, Told>();
  return explore(
    async (system, world) => {
      const reports: FailureReport[] = [];
      const family = new Family(world, customs);
      told.set(world, { family, reports });
      system.observe(systemFailures, { overflow: 'fail', capacity: 10_000 }).subscribe((report) => {
        reports.push(report);
      });
      await family.live();
    },
    {
      ...lawExploration,
      faults: everyFault,
      faultsMax: { total: 8, crash: 3 },
      tapeMax: 512,
      system: { supervision: treatment },
    },
    (world) => atQuiet(told.get(world)!),
  );
}

/** One life of an agent, from its first start to its end, and when it was restarted. */
interface Life {
  readonly path: string;
  readonly restartsMs: number[];
}

function livesIn(events: readonly SystemEvent[]): readonly Life[] {
  const lives: Life[] = [];
  const living = new Map<string, Life>();
  for (const event of events) {
    if (event._tag === 'AgentStarted') {
      const life = { path: event.agent, restartsMs: [] };
      lives.push(life);
      living.set(event.agent, life);
    } else if (event._tag === 'AgentRestarted') {
      living.get(event.agent)!.restartsMs.push(event.atMs);
    }
  }
  return lives;
}

/** The most of these points in time that lie in one closed window. */
function mostWithin(windowMs: number, timesMs: readonly number[]): number {
  return Math.max(0, ...timesMs.map((endMs) => within(windowMs, timesMs, endMs)));
}

const within = (windowMs: number, timesMs: readonly number[], endMs: number): number =>
  timesMs.filter((atMs) => atMs >= endMs - windowMs && atMs <= endMs).length;

/** What another model of one-for-one knows of a child, from its birth to its end. */
interface Child {
  readonly restartsMs: number[];
  /** Whether it has been decided to restart it, and that has not happened yet. */
  pending: boolean;
  /** Whether something was decided about it meanwhile: then it is left out. */
  decidedTwice: boolean;
}

/** Decisions that this model would have made otherwise. */
function wrongDecisionsIn({ events, supervisions }: Family): readonly string[] {
  const wrong: string[] = [];
  const children = new Map<string, Child>();
  const childAt = (path: string): Child => {
    const child = children.get(path) ?? { restartsMs: [], pending: false, decidedTwice: false };
    children.set(path, child);
    return child;
  };
  for (const event of events) {
    if (event._tag === 'AgentStopped') {
      children.delete(event.agent);
    } else if (event._tag === 'AgentRestarted') {
      childAt(event.agent).restartsMs.push(event.atMs);
      childAt(event.agent).pending = false;
    } else if (event._tag === 'Failed') {
      for (const { path, decider, outcome } of decisionsIn(event.report)) {
        const { restartsMax, windowMs, directives } = supervisions.get(decider)!;
        const child = childAt(path);
        const full = within(windowMs, child.restartsMs, event.atMs) >= restartsMax;
        child.decidedTwice ||= child.pending;
        child.pending ||= outcome === 'restart';
        if (!child.decidedTwice && restartsAtAll(directives) && outcome === (full ? 'restart' : 'escalate')) {
          wrong.push(`${event.atMs} ms: ${decider} about ${path}: ${outcome}`);
        }
      }
    }
  }
  return wrong;
}

interface Decision {
  /** About whom. */
  readonly path: string;
  /** Whose. */
  readonly decider: string;
  readonly outcome: DirectiveTag;
}

/** What a report tells of the decisions on the way up: all but the last have passed it on. */
function decisionsIn({ agent, supervisor, directive }: FailureReport): readonly Decision[] {
  const decisions: Decision[] = [];
  for (let path = agent; path !== supervisor; path = parentOf(path)) {
    const decider = parentOf(path);
    decisions.push({ path, decider, outcome: decider === supervisor ? directive : 'escalate' });
  }
  return decisions;
}

const restartsAtAll = (directives: Required<SupervisionOptions>['directives']): boolean =>
  ((directives as { readonly defect?: DirectiveTag }).defect ?? 'restart') === 'restart';

const isAbove = (supervisor: string, agent: string): boolean =>
  supervisor === '/' || agent.startsWith(`${supervisor}/`);

const parentOf = (path: string): string => path.slice(0, path.lastIndexOf('/')) || '/';
