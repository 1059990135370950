import { describe, expect, it } from 'vitest';
import { Progress, progressLine } from '../../src/cli/progress.ts';
import { agentFigures, systemFigures } from '../support/figures.ts';

describe('progress on a terminal', () => {
  it('is one line, redrawn ten times a second', () => {
    const { progress, written, pass } = aProgress({ columns: 80 });

    progress.set({ 'files read': 3 });
    pass(1_000);

    expect(written).toHaveLength(10);
    expect(written[0]).toBe('\r\u001b[K0.1 s  files read 3  |  waiting 0  |  0 of 0 agents busy');
  });

  it('is redrawn less often when drawing takes long', () => {
    const { written, pass } = aProgress({ columns: 80, drawingMs: 50 });

    pass(5_000);

    expect(written).toHaveLength(5);
  });

  it('is no longer than the terminal is wide', () => {
    const { written, pass } = aProgress({ columns: 12 });

    pass(100);

    expect(written).toEqual(['\r\u001b[K0.1 s  |  w']);
  });

  it('goes away when something else is to be written, once', () => {
    const { progress, written, pass } = aProgress({ columns: 80 });

    pass(100);
    progress.clear();
    progress.stop();

    expect(written.slice(1)).toEqual(['\r\u001b[K']);
  });
});

describe('progress elsewhere', () => {
  it('is one line at the beginning, and then after 2, 4, 8 seconds', () => {
    const { progress, written, pass } = aProgress({ columns: undefined });

    progress.start();
    pass(15_000);
    progress.stop();

    expect(written.map((line) => line.split('  ')[0])).toEqual(['Running a.ts\n', '2.0 s', '4.0 s', '8.0 s']);
    expect(written.join('')).not.toContain('\r');
  });
});

describe('a line of progress', () => {
  it('tells the time, the figures, where most waits and who is busy', () => {
    const statistics = systemFigures([
      agentFigures('/a', { waiting: 1, inFlight: 1 }),
      agentFigures('/b', { waiting: 5 }),
      agentFigures('/c', { waiting: 2, inFlight: 2 }),
      agentFigures('/d', { waiting: 3 }),
    ]);

    const line = progressLine({ elapsedMs: 1_234, figures: new Map([['files read', 14]]), statistics });

    expect(line).toBe('1.2 s  files read 14  |  waiting 11: /b 5, /d 3, /c 2  |  2 of 4 agents busy');
  });
});

/** A progress with a clock of its own, which `pass` moves and drawing takes from. */
function aProgress({ columns, drawingMs = 0 }: { columns: number | undefined; drawingMs?: number }) {
  const written: string[] = [];
  let nowMs = 0;
  const progress = new Progress({
    write: (text) => written.push(text),
    nowMs: () => nowMs,
    statistics: () => {
      nowMs += drawingMs;
      return systemFigures([]);
    },
    columns: columns === undefined ? undefined : () => columns,
    title: 'a.ts',
  });
  const pass = (ms: number) => {
    for (const endMs = nowMs + ms; nowMs < endMs; ) {
      nowMs += 10;
      progress.tick();
    }
  };
  return { progress, written, pass };
}
