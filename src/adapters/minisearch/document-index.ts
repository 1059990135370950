/**
 * A document index: finds the passages of documents that speak of something.
 *
 * Documents are added whole and cut into passages; a search gives the passages
 * that share terms with a query, best first, each with what a citation needs. It
 * is held in memory and bounded: what does not fit is refused, with the reason.
 *
 * Guarantees
 *   - Bound: at most `passagesMax` passages with `charsMax` characters together.
 *   - All or nothing: a document that does not fit is not added in part.
 *   - Determinism: the same documents in the same order and the same query give
 *     the same passages; a tie goes to the path, then to the line.
 *
 * Source: Robertson & Zaragoza, "The Probabilistic Relevance Framework: BM25 and
 * Beyond" (2009), as MiniSearch does it. Entry point: `troupe/minisearch`.
 */
import type MiniSearchIndex from 'minisearch';
import type { Document } from '../node/read-documents.ts';
import { peerOf } from '../optional-peer.ts';
import { type Passage, passagesOf } from './passages.ts';
import { termsOf, wordsOf } from './terms.ts';

export { type Passage, type PassageKind, passagesOf } from './passages.ts';
export { termsOf, wordsOf } from './terms.ts';

const { default: MiniSearch } = await peerOf('troupe/minisearch', 'minisearch', import('minisearch'));

export interface DocumentIndexOptions {
  /** Most passages; 100 000 when not given. */
  readonly passagesMax?: number;
  /** Most characters of passages; 16 Mi when not given. */
  readonly charsMax?: number;
}

// The index of 205 README files took 2.4 KB a passage and 17 bytes a character (Node 24), so at either limit it takes
// about a quarter of a gigabyte, which any heap of Node has room for.
const passagesMaxByDefault = 100_000;
const charsMaxByDefault = 16 * 1_024 * 1_024;

/** What became of a document that was to be added. */
export type Addition =
  | { readonly _tag: 'Added'; readonly passages: number }
  | { readonly _tag: 'Full'; readonly limit: 'passagesMax' | 'charsMax'; readonly max: number };

export interface Hit {
  readonly passage: Passage;
  /** How well it fits: comparable among the hits of one query. */
  readonly score: number;
  /** The terms of the query that it has, in some form. */
  readonly terms: readonly string[];
}

export interface SearchOptions {
  /** Most hits; a whole number, at least 1, and 10 when not given. */
  readonly limit?: number;
}

/** A heading says what a passage is about; one word there is worth two in the text. */
const headingBoost = 2;

export class DocumentIndex {
  readonly passagesMax: number;
  readonly charsMax: number;
  readonly #index: MiniSearchIndex<{ id: number; heading: string; text: string }>;
  readonly #passages: Passage[] = [];
  #documents = 0;
  #chars = 0;

  /** Errors: `RangeError` for a limit that cannot be. */
  constructor(options: DocumentIndexOptions = {}) {
    this.passagesMax = atLeastOne('passagesMax', options.passagesMax ?? passagesMaxByDefault);
    this.charsMax = atLeastOne('charsMax', options.charsMax ?? charsMaxByDefault);
    this.#index = new MiniSearch({
      fields: ['heading', 'text'],
      tokenize: wordsOf,
      processTerm: termsOf,
      searchOptions: {
        boost: { heading: headingBoost },
        // A short word begins too many others.
        prefix: (term) => term.length > 3,
        fuzzy: (term) => (term.length > 6 ? 0.15 : false),
        weights: { prefix: 0.3, fuzzy: 0.2 },
      },
    });
  }

  /** Documents added. */
  get documents(): number {
    return this.#documents;
  }

  /** Passages that can be found. */
  get passages(): number {
    return this.#passages.length;
  }

  /** Characters of all passages. */
  get chars(): number {
    return this.#chars;
  }

  /** Adds a document, or says why it does not fit. */
  add(document: Pick<Document, 'path' | 'text'>): Addition {
    const passages = passagesOf(document);
    const chars = passages.reduce((sum, { text }) => sum + text.length, 0);
    if (this.#passages.length + passages.length > this.passagesMax) {
      return { _tag: 'Full', limit: 'passagesMax', max: this.passagesMax };
    }
    if (this.#chars + chars > this.charsMax) {
      return { _tag: 'Full', limit: 'charsMax', max: this.charsMax };
    }
    for (const passage of passages) {
      const id = this.#passages.push(passage) - 1;
      this.#index.add({ id, heading: passage.headings.join(' '), text: passage.text });
    }
    this.#documents += 1;
    this.#chars += chars;
    return { _tag: 'Added', passages: passages.length };
  }

  /** The passages that share a term with the query, best first. */
  search(query: string, options: SearchOptions = {}): Hit[] {
    const limit = atLeastOne('limit', options.limit ?? 10);
    return this.#index
      .search(query)
      .map(({ id, score, queryTerms }) => ({
        passage: this.#passages[id as number]!,
        score,
        terms: queryTerms,
      }))
      .sort((a, b) => b.score - a.score || byPlace(a.passage, b.passage))
      .slice(0, limit);
  }
}

const byPlace = (a: Passage, b: Passage): number =>
  a.path === b.path ? a.line - b.line : a.path < b.path ? -1 : 1;

function atLeastOne(name: string, value: number): number {
  if (!Number.isInteger(value) || value < 1) {
    throw new RangeError(`${name} is a whole number, at least 1; got ${value}`);
  }
  return value;
}
