/**
 * A story as a Mermaid `sequenceDiagram`, for pages that draw it.
 *
 * An arrow with an open head is on its way, one with a filled head is handled, one
 * with a cross does not get there; answers are dashed.
 *
 * Guarantees: whatever names and payloads hold, no character of them is read as
 * syntax, and no line breaks in them: those that could be are written as entities.
 *
 * Source: the grammar of Mermaid 11, `sequenceDiagram.jison`; its `encodeEntities`, which is
 * applied before any grammar is, and looks for styles in every line.
 */
import { oneLine } from '../core/one-line.ts';
import { shorten } from '../core/shorten.ts';
import type { Flight, Lane, Moment } from './story-moment.ts';

const textCharsMax = 120;

/** Draws a story. */
export function mermaidDiagram(story: {
  readonly lanes: readonly Lane[];
  readonly moments: readonly Moment[];
}): string {
  const { lanes, moments } = story;
  return ['sequenceDiagram', ...participants(lanes), ...moments.flatMap((moment) => linesOf(moment, lanes))]
    .map((line, n) => (n === 0 ? line : `  ${line}`))
    .join('\n');
}

function participants(lanes: readonly Lane[]): readonly string[] {
  const lines: string[] = [];
  const systems = [...new Set(lanes.map(({ system }) => system))];
  for (const system of systems) {
    const inside = lanes.flatMap((lane, n) =>
      lane.system === system ? [`participant p${n} as ${escaped(lane.name)}`] : [],
    );
    // `transparent` is the colour; without it the first word of the name could be taken for one.
    lines.push(...(system === undefined ? inside : [`box transparent ${escaped(system)}`, ...inside, 'end']));
  }
  return lines;
}

const arrows: Record<Flight, readonly [message: string, reply: string]> = {
  whole: ['->>', '-->>'],
  leaves: ['-)', '--)'],
  arrives: ['->>', '-->>'],
  lost: ['-x', '--x'],
};

function linesOf(moment: Moment, lanes: readonly Lane[]): readonly string[] {
  const { kind, from, to, flight, reply } = moment;
  const words = escaped(kind === 'broken' ? `broken: ${moment.text}` : moment.text);
  if (kind === 'message') {
    const arrow = arrows[flight!][reply ? 1 : 0];
    return (to.length === 0 ? [from!] : to).map((lane) => `p${from}${arrow}p${lane}: ${words}`);
  }
  if (lanes.length === 0) {
    return [];
  }
  if (to.length > 0) {
    const ends = [Math.min(...to), Math.max(...to)];
    return [`Note over p${ends[0]}${ends[0] === ends[1] ? '' : `,p${ends[1]}`}: ${words}`];
  }
  return [`Note over p0${lanes.length === 1 ? '' : `,p${lanes.length - 1}`}: ${words}`];
}

/** A text in which nothing is syntax: neither of Mermaid, nor of HTML, nor of the formulas it draws. */
function escaped(text: string): string {
  return shorten(oneLine(text), textCharsMax)
    .replace(/[#;<>&%$\\`]/g, (character) => `#${character.charCodeAt(0)};`)
    .replace(/style|classDef/g, ([first, ...rest]) => `#${first!.charCodeAt(0)};${rest.join('')}`)
    .replace(/^((?:no)?wrap):/, '$1#58;');
}
