/**
 * The planner: takes a question apart, has each part looked up, and hands what was
 * found to the writer, whose words it passes on as they come.
 *
 * It plans by rules, so the same question always gives the same plan. Behind the
 * same topics it could be an agent that asks a language model.
 */
import { defineAgent, defineTopic, type } from 'troupe';
import { termsOf, wordsOf } from 'troupe/minisearch';
import * as v from 'valibot';
import { type Finding, type Query, Research } from './researchers.ts';
import { cities, months } from './weather.ts';
import { Compose, type Words } from './writer.ts';

export const questionCharsMax = 1_000;

export const Ask = defineTopic('trio.ask', {
  schema: v.pipe(v.string(), v.trim(), v.minLength(1), v.maxLength(questionCharsMax)),
  reply: type<Words>(),
});

/** One thing that is asked, and what to look up for it. */
export interface Part {
  readonly question: string;
  readonly queries: readonly Query[];
}

export const planner = defineAgent({
  name: 'planner',
  subscribe: [Ask],
  receive: async function* (question, context) {
    const parts = planOf(question);
    const findings = await context.request(
      Research,
      parts.flatMap(({ queries }) => queries),
    );
    context.log.info('everything was looked up', { parts: parts.length, findings: findings.length });
    yield* context.stream(Compose, { parts: withFindings(parts, findings) });
  },
});

/** Gives each part what was found for its queries; findings come in the order of the queries. */
function withFindings(parts: readonly Part[], findings: readonly Finding[]) {
  const left = [...findings];
  return parts.map(({ question, queries }) => ({ question, findings: left.splice(0, queries.length) }));
}

/** Most things in one question that are looked up; a person who asks more asks again. */
const partsMax = 6;

/**
 * Takes a question apart: at the ends of sentences, and where `and` begins another
 * question.
 */
export function planOf(question: string): Part[] {
  const asked =
    /,?\s+(?:and|but|also)\s+(?=(?:also\s+)?(?:what|how|when|why|who|where|which|is|are|do|does|can|will)\b)/i;
  const parts = question
    .split(/(?<=[?!;])\s+|;|\n+/)
    .flatMap((sentence) => sentence.split(asked))
    .map((part) => part.replace(/[\s?!.,;]+$/, '').trim())
    .filter((part) => part !== '')
    .slice(0, partsMax);
  return parts.map((part, at) => ({
    question: `${part[0]!.toUpperCase()}${part.slice(1)}?`,
    queries: queriesOf(part, at === 0 ? '' : parts[at - 1]!),
  }));
}

/** @param before What was asked before it: what `it` and `they` mean. */
function queriesOf(part: string, before: string): Query[] {
  const place = placeIn(part);
  if (place !== undefined) {
    const month = months.find((name) => new RegExp(`\\b${name}\\b`, 'i').test(part));
    return [{ tool: 'weather.get', city: place, ...(month === undefined ? {} : { month }) }];
  }
  const told = /\b(it|its|they|them|their|that|those|these)\b/i.test(part) ? `${before} ${part}` : part;
  const words = wordsOf(told).filter((word) => termsOf(word).length > 0);
  const related = words.flatMap((word) => termsOf(word).flatMap((term) => relatedWords[term] ?? []));
  const wordings = [
    words,
    related.length === 0 ? [] : [...words, ...related],
    words.length > 3 ? words.slice(-3) : [],
  ];
  return wordings
    .filter((wording) => wording.length > 0)
    .map((wording) => ({ tool: 'docs.search', query: [...new Set(wording)].join(' ') }));
}

/** The place whose weather a question is about, if it is about weather. */
function placeIn(part: string): string | undefined {
  if (!/\b(weather|temperatures?|forecast|climate|rain|rains|raining|warm|hot|cold)\b/i.test(part)) {
    return undefined;
  }
  const known = cities.find((city) => new RegExp(`\\b${city}\\b`, 'i').test(part));
  const named = /\bin (\p{Lu}[\p{L}-]+(?: \p{Lu}[\p{L}-]+)*)/u.exec(part)?.[1];
  return (
    known ?? (named !== undefined && !months.includes(named as (typeof months)[number]) ? named : undefined)
  );
}

/** What the documents of this field may call the same thing, by term: see docs/GLOSSARY.md. */
const relatedWords: Readonly<Record<string, readonly string[]>> = {
  full: ['overflow', 'capacity', 'room'],
  mailbox: ['overflow'],
  queu: ['mailbox'],
  slow: ['backpressure', 'suspend', 'bounded'],
  crash: ['failure', 'restart', 'supervision'],
  throw: ['failure', 'supervision'],
  restart: ['supervision', 'supervisor'],
  fail: ['failure', 'supervision'],
  error: ['failure'],
  die: ['terminated', 'stop'],
  lost: ['dead', 'letter', 'dropped'],
  los: ['dead', 'letter', 'dropped'],
  timeout: ['deadline'],
  cancel: ['interrupt'],
  cost: ['budget'],
  tool: ['capability'],
  order: ['FIFO'],
  test: ['law', 'explore', 'simulation'],
};
