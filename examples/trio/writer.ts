/**
 * The writer: composes an answer of cited passages, piece by piece.
 *
 * It invents nothing: each sentence is quoted and carries the number of its source.
 */
import { defineAgent, defineTopic, type } from 'troupe';
import { termsOf, wordsOf } from 'troupe/minisearch';
import type { Hit } from './library.ts';
import type { Finding } from './researchers.ts';

export interface Cited {
  readonly path: string;
  readonly line?: number;
  readonly title?: string;
}

/** A piece of the answer, or, at its end, what belongs to it. */
export type Words =
  | { readonly _tag: 'Text'; readonly text: string }
  | { readonly _tag: 'End'; readonly sources: readonly Cited[]; readonly notes: readonly string[] };

export const Compose = defineTopic('trio.compose', {
  schema: type<{
    readonly parts: readonly { readonly question: string; readonly findings: readonly Finding[] }[];
  }>(),
  reply: type<Words>(),
});

/** What a person reads before asking more precisely. */
const quotesMax = 3;
/** A passage up to here is quoted whole; of a longer one, its best sentences. */
const quoteCharsMax = 300;
const lineCharsMax = 96;

export const writer = defineAgent({
  name: 'writer',
  subscribe: [Compose],
  receive: async function* ({ parts }): AsyncGenerator<Words> {
    const sources: Cited[] = [];
    const notes: string[] = [];
    const cite = (source: Cited): number => sources.push(source);

    for (const [at, { question, findings }] of parts.entries()) {
      yield { _tag: 'Text', text: `${at === 0 ? '' : '\n'}${question}\n` };
      const quoted = quotesFrom(question, findings);

      for (const { text, ...source } of quoted) {
        yield { _tag: 'Text', text: `\n${indented(`${text} [${cite(source)}]`)}\n` };
      }
      for (const finding of findings) {
        if (finding._tag === 'Weather') {
          const number = cite({ path: 'weather.get', title: 'averages of many years' });
          yield { _tag: 'Text', text: `\n${indented(`${finding.summary} [${number}]`)}\n` };
        } else if (finding._tag === 'Failed') {
          notes.push(finding.reason);
        }
      }
      if (quoted.length === 0 && !findings.some(({ _tag }) => _tag === 'Weather')) {
        yield { _tag: 'Text', text: `\n${indented('Nothing was found that answers this.')}\n` };
      }
    }
    yield { _tag: 'End', sources, notes: [...new Set(notes)] };
  },
});

interface Quote extends Cited {
  readonly text: string;
}

interface Candidate {
  readonly hit: Hit;
  /** Terms of the hit. */
  readonly terms: ReadonlySet<string>;
  readonly score: number;
}

/** The best passages of all findings, without repetition, each cut down to what answers. */
export function quotesFrom(question: string, findings: readonly Finding[]): Quote[] {
  const asked = termSet(question);
  const chosen: Candidate[] = [];
  for (const candidate of ranked(asked, findings)) {
    const isWeak = candidate.score < (chosen[0]?.score ?? 0) / 2;
    const isRepeated = chosen.some((earlier) => overlap(earlier.terms, candidate.terms) > 0.7);
    if (chosen.length < quotesMax && !isWeak && !isRepeated) {
      chosen.push(candidate);
    }
  }
  const wanted = new Set([...asked, ...findings.flatMap((finding) => [...queryTerms(finding)])]);
  return chosen.map(({ hit }) => ({
    path: hit.path,
    line: hit.line,
    title: hit.title,
    text: essence(hit.text, wanted),
  }));
}

/**
 * One order out of several: a passage counts for each query that found it, more
 * the further up it stood, and more the more of the question it speaks of, above
 * all in one sentence.
 *
 * Source: Cormack, Clarke & Büttcher, "Reciprocal Rank Fusion" (SIGIR 2009).
 */
function ranked(asked: ReadonlySet<string>, findings: readonly Finding[]): Candidate[] {
  const byPlace = new Map<string, { hit: Hit; fused: number }>();
  for (const finding of findings) {
    for (const [rank, hit] of (finding._tag === 'Passages' ? finding.hits : []).entries()) {
      const place = `${hit.path}:${hit.line}:${hit.text}`;
      const fused = (byPlace.get(place)?.fused ?? 0) + 1 / (10 + rank);
      // Code shows how, and a question is answered in words.
      if (hit.kind !== 'code') byPlace.set(place, { hit, fused });
    }
  }
  return [...byPlace.values()]
    .map(({ hit, fused }) => {
      const terms = termSet(`${hit.title} ${hit.text}`);
      const inOne = Math.max(
        ...sentencesOf(hit.text).map((sentence) => overlapCount(termSet(sentence), asked)),
      );
      return { hit, terms, score: (fused * (overlapCount(asked, terms) + inOne)) / Math.max(1, asked.size) };
    })
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score || (placeOf(a.hit) < placeOf(b.hit) ? -1 : 1));
}

const placeOf = ({ path, line }: Hit): string => `${path}:${String(line).padStart(8, '0')}`;

/** The sentences of a long passage that say most of what is wanted, in their order. */
function essence(text: string, wanted: ReadonlySet<string>): string {
  if (text.length <= quoteCharsMax) {
    return text;
  }
  const sentences = sentencesOf(text);
  const best = sentences
    // A sentence that names everything says little of each.
    .map((sentence, at) => ({
      at,
      said: overlapCount(termSet(sentence), wanted) / Math.log(50 + sentence.length),
    }))
    .toSorted((a, b) => b.said - a.said || a.at - b.at)
    .slice(0, 2)
    .toSorted((a, b) => a.at - b.at);
  return best
    .map(({ at }, index) => `${index > 0 && best[index - 1]!.at + 1 < at ? '… ' : ''}${sentences[at]}`)
    .join(' ');
}

const sentencesOf = (text: string): string[] => text.split(/(?<=[.!?])\s+(?=\S)/);

const termSet = (text: string): Set<string> => new Set(wordsOf(text).flatMap(termsOf));

const queryTerms = (finding: Finding): Set<string> =>
  finding._tag === 'Passages' ? termSet(finding.query) : new Set();

const overlapCount = (a: ReadonlySet<string>, b: ReadonlySet<string>): number =>
  [...a].filter((term) => b.has(term)).length;

/** How much of the smaller set is in the other, from 0 to 1. */
const overlap = (a: ReadonlySet<string>, b: ReadonlySet<string>): number =>
  overlapCount(a, b) / Math.max(1, Math.min(a.size, b.size));

/** Breaks a text into lines that a terminal shows whole. */
function indented(text: string): string {
  const lines: string[] = [];
  let line = '  ';
  for (const word of text.split(' ')) {
    if (line.length + word.length > lineCharsMax && line.trim() !== '') {
      lines.push(line.trimEnd());
      line = '  ';
    }
    line += `${word} `;
  }
  return [...lines, line.trimEnd()].join('\n');
}
