/**
 * L2: from one sender to one receiver order is kept, per key under `conflate`.
 *
 * However it was said: told, published, in a step, after an await, detached, in a
 * timer; and however it came: at once, by the spill, or by an outbox that waited.
 * What was laid aside or is handled again keeps the place of its first time. What is
 * late on its way holds up what follows it; a copy of a message may come after later ones.
 */
import { describe, expect, it } from 'vitest';
import type { Cell } from '../../src/actors/cell.ts';
import { lawRuns, lawTimeoutMs } from '../support/law-runs.ts';
import { anyManners, exploreTroupes, often, type Troupe, type Turn } from '../support/unruly-troupe.ts';

/** Much is said, to few, and little else happens. */
const talkative = {
  ...anyManners,
  members: [2, 3],
  deeds: often({
    nothing: 1,
    tell: 10,
    publish: 6,
    request: 3,
    'tell detached': 2,
    stash: 1,
    unstash: 1,
    schedule: 1,
  }),
  errands: often({ wait: 2, tell: 8, publish: 6, request: 2, send: 1, interrupt: 1 }),
};

describe('order', () => {
  it(
    'law: what one says to another arrives in the order in which it was said',
    async () => {
      const explored = await exploreTroupes(talkative, { atQuiet: everyAuthorIsHeardInOrder });

      expect(explored.runs).toBeGreaterThanOrEqual(lawRuns);
    },
    lawTimeoutMs,
  );

  it(
    'law: in any company, what one says to another arrives in the order in which it was said',
    async () => {
      const explored = await exploreTroupes(anyManners, { atQuiet: everyAuthorIsHeardInOrder });

      expect(explored.runs).toBeGreaterThanOrEqual(lawRuns);
    },
    lawTimeoutMs,
  );
});

/** Looks at the first time each message was taken up, and, where nothing is laid aside, at each life of its own. */
function everyAuthorIsHeardInOrder(troupe: Troupe): void {
  const { cells, turns } = troupe;
  for (const cell of cells) {
    const heard = turns.filter(
      ({ word, context, ...turn }) =>
        turn.cell === cell && word !== undefined && !troupe.isCopy(context.envelope),
    );
    const first = new Map(heard.toReversed().map((turn) => [turn.word, turn]));
    inOrder(
      cell,
      heard.filter((turn) => first.get(turn.word) === turn),
    );
  }
}

function inOrder(cell: Cell, heard: readonly Turn[]): void {
  const last = new Map<unknown, Map<string, number>>();
  for (const { word, topic } of heard) {
    const { author, place, key } = word!;
    const ofAuthor = last.get(author) ?? new Map<string, number>();
    const kind = cell.definition.overflow === 'conflate' ? `${topic} ${key}` : '';
    const before = ofAuthor.get(kind) ?? 0;
    if (place < before) {
      throw new Error(`${cell.path} heard ${before} before ${place} of ${author?.path ?? 'outside'}`);
    }
    last.set(author, ofAuthor.set(kind, place));
  }
}
