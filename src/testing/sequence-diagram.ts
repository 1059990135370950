/**
 * A sequence diagram of text: lanes and arrows on the left, words on the right.
 *
 *     ●──▶   leaves and is handled          ○──▶   left before, is handled now
 *     ●──▷   leaves, is on its way          ●──✗   does not get there
 *     ╌╌     an answer to a request         ┃      has a message in hand
 *     !      failed   ↻ restarted   ■ ended   ◷ a timer rang   † heard of an end   ↯ a fault of the world
 *
 * Guarantees: no line is wider than 100 columns; of a diagram with more than
 * `linesMax` moments the middle is left out, and counted; with more than `lanesMax`
 * lanes, those where least happens share one.
 *
 * Source: ITU-T Z.120, Message Sequence Chart, for lanes and the order of events in them.
 */
import type { Lane, Moment } from './story-moment.ts';
import { columnsOf, cutToColumns, wrapToColumns } from './text-columns.ts';

const columnsMax = 100;
const momentsAtFirst = 60;
const momentsAtLast = 100;
const lanesMax = 14;
/** Widest that lanes may be with their names side by side; with wider ones each name has a line of its own. */
const besideMax = 50;
/** How many lines before the names are shown again. */
const headEvery = 40;
const noteLinesMax = 4;
const whyLinesMax = 12;

/** Draws a story. */
export function sequenceDiagram(story: {
  readonly lanes: readonly Lane[];
  readonly moments: readonly Moment[];
}): string {
  return new Drawing(story.lanes, story.moments).lines.join('\n');
}

class Drawing {
  readonly lines: string[] = [];
  /** Where each lane is drawn, as an index of the columns. */
  readonly #placeOf: readonly number[];
  readonly #names: readonly string[];
  /** The column of each place. */
  readonly #columns: readonly number[];
  readonly #beside: boolean;
  readonly #width: number;
  readonly #textWidth: number;

  constructor(lanes: readonly Lane[], moments: readonly Moment[]) {
    const places = placesOf(lanes, moments);
    this.#placeOf = places.placeOf;
    this.#names = places.names;
    const widths = this.#names.map((name) => Math.max(columnsOf(name) + 2, 5));
    this.#beside = widths.reduce((sum, width) => sum + width, 0) <= besideMax;
    this.#columns = this.#beside ? besideEachOther(widths) : narrow(this.#names.length);
    // The last lane has room beside it: for a message to itself.
    this.#width = this.#beside
      ? widths.reduce((sum, width) => sum + width, 1)
      : Math.max(0, ...this.#columns) + 3;
    this.#textWidth = columnsMax - this.#width - 1;
    this.#draw(moments);
  }

  #draw(moments: readonly Moment[]): void {
    const leftOut = moments.length - momentsAtFirst - momentsAtLast;
    this.#head();
    let sinceHead = 0;
    for (let n = 0; n < moments.length; n += 1) {
      if (leftOut > 0 && n === momentsAtFirst) {
        n += leftOut;
        this.#row(this.#bare(moments[n]!, '⋮'), [`${leftOut} moments are left out here`]);
      }
      if (sinceHead >= headEvery && n < moments.length - 5) {
        this.#head();
        sinceHead = 0;
      }
      this.#moment(moments[n]!);
      sinceHead += 1;
    }
  }

  #head(): void {
    if (this.#beside) {
      let line = '';
      this.#names.forEach((name, n) => {
        const start = this.#columns[n]! - ((columnsOf(name) - 1) >> 1);
        line += ' '.repeat(Math.max(0, start - columnsOf(line))) + name;
      });
      this.lines.push(line.trimEnd());
      return;
    }
    this.#names.forEach((name, n) => {
      const before = this.#columns.slice(0, n).map((column) => [column, '│'] as const);
      this.lines.push(
        `${drawn(this.#columns[n]!, before)}${cutToColumns(name, columnsMax - this.#columns[n]!)}`,
      );
    });
  }

  #moment(moment: Moment): void {
    switch (moment.kind) {
      case 'message':
        this.#row(this.#arrow(moment), [cutToColumns(moment.text, this.#textWidth)], moment);
        break;
      case 'note': {
        const signs = this.#bare(moment);
        for (const lane of moment.to) {
          signs[this.#column(lane)] = moment.mark;
        }
        this.#words(signs, moment, noteLinesMax);
        break;
      }
      case 'time':
        this.#words(this.#bare(moment, '┆'), moment, noteLinesMax);
        break;
      case 'choice':
        this.#words(this.#bare(moment), { ...moment, text: `* ${moment.text}` }, noteLinesMax);
        break;
      case 'omitted':
        this.#words(this.#bare(moment, '⋮'), moment, noteLinesMax);
        break;
      case 'broken':
        this.#words(
          Array.from({ length: this.#width - 1 }, () => '═'),
          { ...moment, text: `broken: ${moment.text}` },
          whyLinesMax,
        );
        break;
    }
  }

  #words(signs: string[], moment: Moment, linesMax: number): void {
    this.#row(signs, wrapToColumns(moment.text, this.#textWidth, linesMax), moment);
  }

  /** One line, and as many more as its words need. */
  #row(signs: readonly string[], words: readonly string[], moment?: Moment): void {
    const [first, ...rest] = words;
    this.lines.push(`${text(signs).padEnd(this.#width)} ${first}`.trimEnd());
    for (const line of rest) {
      const lanes = moment === undefined || moment.kind === 'broken' ? [] : this.#bare(moment);
      this.lines.push(`${text(lanes).padEnd(this.#width)} ${line}`);
    }
  }

  /** The lanes alone. */
  #bare(moment: Moment, sign?: string): string[] {
    const signs: string[] = [];
    this.#placeOf.forEach((place, lane) => {
      const column = this.#columns[place]!;
      if (moment.gone[lane] !== true) {
        const busy = (moment.busy[lane] ?? 0) > 0 || signs[column] === '┃';
        signs[column] = sign ?? (busy ? '┃' : '│');
      }
    });
    return signs;
  }

  #arrow(moment: Moment): string[] {
    const signs = this.#bare(moment);
    const lost = moment.flight === 'lost';
    const from = this.#column(moment.from!);
    const to = [...new Set(moment.to.map((lane) => this.#column(lane)))];
    const line = moment.reply ? '╌' : '─';
    for (const end of to) {
      for (let column = Math.min(from, end); column <= Math.max(from, end); column += 1) {
        signs[column] = signs[column] === undefined || isLine(signs[column]!) ? line : '┼';
      }
    }
    for (const end of to) {
      this.#arrowhead(signs, moment, from, end);
    }
    if (lost && to.length === 0) {
      signs[from + 1] = '✗';
    }
    signs[from] = moment.flight === 'arrives' ? '○' : '●';
    return signs;
  }

  #arrowhead(signs: string[], moment: Moment, from: number, end: number): void {
    const { flight } = moment;
    if (end === from) {
      signs[end + 1] = flight === 'lost' ? '✗' : '↺';
      return;
    }
    const toTheRight = end > from;
    signs[end] = this.#bare(moment)[end] ?? ' ';
    signs[end + (toTheRight ? -1 : 1)] =
      flight === 'lost' ? '✗' : flight === 'leaves' ? (toTheRight ? '▷' : '◁') : toTheRight ? '▶' : '◀';
  }

  #column(lane: number): number {
    return this.#columns[this.#placeOf[lane]!]!;
  }
}

const isLine = (sign: string): boolean => sign === '─' || sign === '╌';

/** Which lanes are drawn where: with too many of them, the quietest share the last place. */
function placesOf(
  lanes: readonly Lane[],
  moments: readonly Moment[],
): { readonly placeOf: readonly number[]; readonly names: readonly string[] } {
  if (lanes.length <= lanesMax) {
    return { placeOf: lanes.map((_, n) => n), names: lanes.map(({ name }) => name) };
  }
  const uses = lanes.map(() => 0);
  for (const { from, to } of moments) {
    for (const lane of from === undefined ? to : [from, ...to]) {
      uses[lane]! += 1;
    }
  }
  const drawnAlone = new Set(
    lanes
      .map((_, lane) => lane)
      .sort((a, b) => uses[b]! - uses[a]! || a - b)
      .slice(0, lanesMax - 1),
  );
  const names: string[] = [];
  const placeOf = lanes.map(({ name }, lane) => (drawnAlone.has(lane) ? names.push(name) - 1 : lanesMax - 1));
  return { placeOf, names: [...names, `${lanes.length - names.length} others`] };
}

/** The columns under the middles of names that stand side by side. */
function besideEachOther(widths: readonly number[]): readonly number[] {
  let start = 1;
  return widths.map((width) => {
    const middle = start + ((width - 3) >> 1);
    start += width;
    return middle;
  });
}

/** The columns of so many lanes whose names do not fit beside each other. */
function narrow(count: number): readonly number[] {
  const width = Math.min(8, Math.max(4, Math.floor(besideMax / count)));
  return Array.from({ length: count }, (_, n) => 1 + n * width);
}

function drawn(width: number, signs: readonly (readonly [number, string])[]): string {
  const line = Array.from({ length: width }, () => ' ');
  for (const [column, sign] of signs) {
    line[column] = sign;
  }
  return line.join('');
}

/** Signs at their columns; where there is none, a space. */
function text(signs: readonly string[]): string {
  return Array.from(signs, (sign) => sign ?? ' ').join('');
}
