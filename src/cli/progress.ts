/**
 * Progress: what happens while a program runs, for whoever waits for it.
 *
 * On a terminal it is one line, redrawn at most ten times a second. Elsewhere it
 * is a few lines: one at the beginning, and then after 2, 4, 8, 16 … seconds.
 * Drawing never takes more than a twentieth of the time, however many agents
 * there are to count.
 */
import type { SystemStatistics } from '../actors/statistics.ts';

export interface ProgressOptions {
  readonly write: (text: string) => void;
  readonly nowMs: () => number;
  readonly statistics: () => SystemStatistics;
  /** How wide the one line may be; `undefined` where lines cannot be redrawn. */
  readonly columns: (() => number) | undefined;
  /** What runs. */
  readonly title: string;
}

const redrawMsMin = 100;
const plainMsFirst = 2_000;
const drawingShare = 20;
const clearLine = '\r\u001b[K';

export class Progress {
  readonly #options: ProgressOptions;
  readonly #startedAtMs: number;
  readonly #figures = new Map<string, number | string>();
  #nextAtMs: number;
  #plainMs = plainMsFirst;
  #ticking: NodeJS.Timeout | undefined;
  #drawn = false;

  constructor(options: ProgressOptions) {
    this.#options = options;
    this.#startedAtMs = options.nowMs();
    this.#nextAtMs = this.#startedAtMs + (options.columns === undefined ? plainMsFirst : redrawMsMin);
  }

  start(): void {
    if (this.#options.columns === undefined) {
      this.#options.write(`Running ${this.#options.title}\n`);
    }
    // The program, not its progress, keeps the process alive.
    this.#ticking = setInterval(() => this.tick(), redrawMsMin).unref();
  }

  /** Replaces figures by their names. */
  set(figures: Readonly<Record<string, number | string>>): void {
    for (const [name, figure] of Object.entries(figures)) {
      this.#figures.set(name, figure);
    }
  }

  /** Draws, if it is time to. */
  tick(): void {
    const { nowMs, columns, write } = this.#options;
    const now = nowMs();
    if (now < this.#nextAtMs) {
      return;
    }
    const line = progressLine({
      elapsedMs: now - this.#startedAtMs,
      figures: this.#figures,
      statistics: this.#options.statistics(),
    });
    if (columns === undefined) {
      write(`${line}\n`);
      this.#plainMs *= 2;
      this.#nextAtMs = this.#startedAtMs + this.#plainMs;
    } else {
      write(`${clearLine}${line.slice(0, Math.max(0, columns() - 1))}`);
      this.#drawn = true;
      this.#nextAtMs = now + Math.max(redrawMsMin, drawingShare * (nowMs() - now));
    }
  }

  /** Takes the one line away, so that something else can be written there. */
  clear(): void {
    if (this.#drawn) {
      this.#drawn = false;
      this.#options.write(clearLine);
    }
  }

  /** Ends it. Safe to call twice. */
  stop(): void {
    clearInterval(this.#ticking);
    this.clear();
  }
}

/**
 * What is said: the time, the program's figures, what waits where, and who is busy.
 *
 *     1.2 s  files read 14  |  waiting 5: /indexer 3, /reader 2  |  2 of 9 agents busy
 */
export function progressLine(facts: {
  readonly elapsedMs: number;
  readonly figures: ReadonlyMap<string, number | string>;
  readonly statistics: SystemStatistics;
}): string {
  const { agents } = facts.statistics;
  const seconds = `${(facts.elapsedMs / 1_000).toFixed(1)} s`;
  const figures = [...facts.figures].map(([name, figure]) => `${name} ${figure}`).join(', ');
  const waiting = agents.filter((agent) => agent.waiting > 0).toSorted((a, b) => b.waiting - a.waiting);
  const sum = waiting.reduce((total, agent) => total + agent.waiting, 0);
  const where = waiting.slice(0, 3).map(({ path, waiting: count }) => `${path} ${count}`);
  const busy = agents.filter((agent) => agent.inFlight > 0).length;

  return [
    `${seconds}${figures === '' ? '' : `  ${figures}`}`,
    `waiting ${sum}${where.length === 0 ? '' : `: ${where.join(', ')}`}`,
    `${busy} of ${agents.length} agents busy`,
  ].join('  |  ');
}
