import { describe, expect, it } from 'vitest';
import { figuresText, findingsText, jsonText } from '../../src/cli/report.ts';
import { agentFigures, systemFigures } from '../support/figures.ts';

const facts = (count: number) => ({
  program: 'a.ts',
  elapsedMs: 1_234.5,
  statistics: {
    ...systemFigures(
      Array.from({ length: count }, (_, at) => agentFigures(`/agent-${at}`, { accepted: at })),
    ),
    deadLetters: { Stopped: 2 },
  },
  trace: '/tmp/trace.json',
});

describe('the report to people', () => {
  it('lists sources by the numbers that the answer cites, and notes', () => {
    const text = findingsText({
      sources: [
        { path: 'docs/A.md', line: 12, title: 'Overflow' },
        { path: 'weather.get', title: '' },
      ],
      notes: ['1 file was skipped'],
    });

    expect(text).toBe(
      '\nSources\n  [1] docs/A.md:12  Overflow\n  [2] weather.get\n\nNotes\n  1 file was skipped\n',
    );
  });

  it('has no heading for what there is none of', () => {
    expect(findingsText({})).toBe('');
  });

  it('is a table of agents, their sum, and where the trace is', () => {
    const agent = agentFigures('/a', {
      accepted: 12,
      handled: 9,
      failed: 1,
      refused: 1,
      expired: 2,
      restarts: 1,
      handlingMs: { count: 9, p50: 0.1234, p99: 12.34, max: 99 },
    });

    expect(figuresText({ ...facts(0), statistics: systemFigures([agent]) })).toBe(`
Agents  accepted  handled  failed  dropped  restarts  p50 ms  p99 ms
/a            12        9       1        3         1    0.12    12.3

1 agent, 12 messages, 0 dead letters, 1.23 s
Trace: /tmp/trace.json (opens in ui.perfetto.dev)
`);
  });

  it('shows the twenty busiest of many agents', () => {
    const text = figuresText({ ...facts(25), trace: undefined });

    expect(text).toContain('/agent-24');
    expect(text).not.toContain('/agent-4 ');
    expect(text).toContain('and 5 more, less busy');
    expect(text).toContain('25 agents, 300 messages, 2 dead letters, 1.23 s');
    expect(text).not.toContain('Trace');
  });
});

describe('the report to machines', () => {
  it('is one line with answer, sources, notes, figures and trace', () => {
    const findings = { sources: [{ path: 'a.md', line: 1 }], figures: { read: 3 } };

    const text = jsonText(facts(1), { answer: 'So it is.\n', findings });

    expect(text.indexOf('\n')).toBe(text.length - 1);
    expect(JSON.parse(text)).toMatchObject({
      program: 'a.ts',
      answer: 'So it is.\n',
      sources: [{ path: 'a.md', line: 1 }],
      notes: [],
      figures: { read: 3, elapsedMs: 1_235, agents: [{ path: '/agent-0' }], deadLetters: { Stopped: 2 } },
      trace: '/tmp/trace.json',
    });
  });

  it.each([
    [
      Object.assign(new Error('far'), { _tag: 'TooFar', code: 'TIMEOUT' }),
      { tag: 'TooFar', code: 'TIMEOUT', message: 'far' },
    ],
    [new RangeError('odd'), { message: 'odd' }],
    ['just text', { message: 'just text' }],
    [undefined, { message: 'undefined' }],
  ])('tells the failure %s', (failure, error) => {
    expect(JSON.parse(jsonText(facts(0), { failure })).error).toEqual(error);
  });

  it('tells of a thousand agents at most, one by one', () => {
    const { figures } = JSON.parse(jsonText(facts(1_100), { failure: 'x' })) as {
      figures: { agents: unknown[] };
    };

    expect(figures.agents).toHaveLength(1_000);
  });
});
