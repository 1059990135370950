import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mermaidDiagram } from '../../src/testing/mermaid-diagram.ts';
import type { Lane, Moment } from '../../src/testing/story-moment.ts';
import { lawParameters } from '../support/law-runs.ts';

const moment = (facts: Partial<Moment>): Moment => ({
  kind: 'message',
  atMs: 0,
  text: '',
  from: undefined,
  to: [],
  flight: undefined,
  reply: false,
  mark: '',
  busy: [],
  gone: [],
  ...facts,
});
const [ada, bob, eve]: Lane[] = [
  { name: '/ada', system: undefined },
  { name: '/bob', system: undefined },
  { name: 'b:/eve', system: 'b' },
];

/** What Mermaid 11 makes of a line before and after it is parsed: `encodeEntities` and `decodeEntities`. */
function readByMermaid(line: string): string {
  return line
    .replace(/style.*:\S*#.*;/g, (style) => style.slice(0, -1))
    .replace(/classDef.*:\S*#.*;/g, (style) => style.slice(0, -1))
    .replace(/#(\w+);/g, (_entity, code: string) => String.fromCharCode(Number(code)));
}

describe('a Mermaid diagram', () => {
  it('has an arrow for each flight, notes, and a box for each system', () => {
    const moments = [
      moment({ from: 0, to: [1], flight: 'whole', text: 'a' }),
      moment({ from: 0, to: [1, 2], flight: 'leaves', text: 'b' }),
      moment({ from: 0, to: [1], flight: 'arrives', text: 'c', reply: true }),
      moment({ from: 0, to: [], flight: 'lost', text: 'd' }),
      moment({ kind: 'note', to: [1], text: 'e' }),
      moment({ kind: 'note', to: [2, 0], text: 'f' }),
      moment({ kind: 'time', text: 'g' }),
      moment({ kind: 'broken', text: 'h' }),
    ];

    expect(mermaidDiagram({ lanes: [ada!, bob!, eve!], moments })).toBe(
      [
        'sequenceDiagram',
        '  participant p0 as /ada',
        '  participant p1 as /bob',
        '  box transparent b',
        '  participant p2 as b:/eve',
        '  end',
        '  p0->>p1: a',
        '  p0-)p1: b',
        '  p0-)p2: b',
        '  p0-->>p1: c',
        '  p0-xp0: d',
        '  Note over p1: e',
        '  Note over p0,p2: f',
        '  Note over p0,p2: g',
        '  Note over p0,p2: broken: h',
      ].join('\n'),
    );
  });

  it('is valid with one lane, and with none', () => {
    const time = moment({ kind: 'time', text: 'later' });

    expect(mermaidDiagram({ lanes: [ada!], moments: [time] })).toContain('\n  Note over p0: later');
    expect(mermaidDiagram({ lanes: [], moments: [time] })).toBe('sequenceDiagram');
  });

  it('writes what could be syntax as entities', () => {
    const text = 'wrap: a;b #c <b> & %%{init: {}}%% $$x$$ \\ `\nend';

    expect(
      mermaidDiagram({ lanes: [ada!], moments: [moment({ from: 0, to: [0], flight: 'whole', text })] }),
    ).toContain(
      'p0->>p0: wrap#58; a#59;b #35;c #60;b#62; #38; #37;#37;{init: {}}#37;#37; #36;#36;x#36;#36; #92;',
    );
  });

  it('law: Mermaid reads every text as it was, whatever it takes for a style', () => {
    const word = fc.constantFrom(
      'style',
      'classDef',
      'color:red',
      ';',
      '#',
      ':',
      ' ',
      '"',
      '{',
      'a',
      '&',
      '%%',
    );
    const garbled = '{"style":"color:red; b"}';
    const texts = fc.array(word, { minLength: 1, maxLength: 12 }).map((words) => words.join(''));
    fc.assert(
      fc.property(texts, (text) => {
        const moments = [moment({ from: 0, to: [0], flight: 'whole', text })];

        const line = mermaidDiagram({ lanes: [ada!], moments })
          .split('\n')
          .at(-1)!;

        expect(readByMermaid(line)).toBe(`  p0->>p0: ${text}`);
      }),
      { ...lawParameters, examples: [[garbled], ['wrap:style:#;']] },
    );
  });

  it('law: has one line for each moment and receiver, whatever is in it', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 200 }),
        fc.string({ unit: 'binary' }),
        (text, name) => {
          const lines = mermaidDiagram({
            lanes: [{ name, system: undefined }],
            moments: [moment({ from: 0, to: [0], flight: 'whole', text })],
          }).split(/[\n\r\u2028\u2029]/);

          expect(lines).toHaveLength(3);
          expect(lines[2]!.slice(2)).toMatch(/^p0->>p0: /);
          expect(lines[2]!.replace(/#\d+;/g, '')).not.toMatch(/[#;<%$]/);
        },
      ),
    );
  });
});
