/**
 * The library: a reader that reads files and an indexer that makes them searchable.
 *
 *     reader ---- docs.found ---->  indexer      (suspend: a full mailbox makes the reader wait)
 *     reader ---- docs.catalogue -> indexer      (first in, first out: answered when all of them are in)
 *     anyone ---- docs.search ---->  indexer     (a capability: others know its name, not who offers it)
 */
import { type Context, capability, defineAgent, defineTopic, Failure, on, type } from 'troupe';
import { DocumentIndex } from 'troupe/minisearch';
import { type Document, readDocuments } from 'troupe/node';
import * as v from 'valibot';

/** What has been read so far. */
export interface Shelf {
  readonly read: number;
  readonly passages: number;
  readonly skipped: number;
  /** The first that were skipped, by name and reason. */
  readonly named: readonly string[];
}

/** Enough to see what is wrong with a folder; the rest is counted. */
const namedMax = 10;

export const ReadLibrary = defineTopic('docs.read', {
  schema: v.object({ paths: v.array(v.string()) }),
  reply: type<Shelf>(),
});

const DocumentFound = defineTopic('docs.found', { schema: type<Document>() });

/** What the index has, and what did not fit. */
interface CatalogueReply {
  readonly passages: number;
  readonly refused: readonly string[];
}

const Catalogue = defineTopic('docs.catalogue', {
  schema: type<Record<never, never>>(),
  reply: type<CatalogueReply>(),
});

/** There was nothing to read: the question cannot be answered from these paths. */
export class NoDocuments extends Failure {
  readonly _tag = 'NoDocuments';
  readonly code = 'INVALID_PARAMS';
  readonly class = 'invalid';
  readonly paths: readonly string[];
  readonly skipped: readonly string[];

  constructor(facts: { paths: readonly string[]; skipped: readonly string[] }) {
    super();
    this.paths = facts.paths;
    this.skipped = facts.skipped;
  }

  override get message(): string {
    const where = this.paths.map((path) => `'${path}'`).join(', ');
    const why = this.skipped.length === 0 ? '' : `; skipped ${this.skipped.join(', ')}`;
    return `expected Markdown or text files (.md, .markdown, .txt) in ${where}, and found none${why}`;
  }
}

/** Reads files one by one; each reply says how far it has come. */
export const reader = defineAgent({
  name: 'reader',
  subscribe: [ReadLibrary],
  receive: async function* ({ paths }, context) {
    let shelf: Shelf = { read: 0, passages: 0, skipped: 0, named: [] };

    for await (const found of readDocuments(paths)) {
      if (found._tag === 'Document') {
        // Resolves when the indexer has room, so at most its mailbox is in memory.
        await context.publish(DocumentFound, found.document);
        shelf = { ...shelf, read: shelf.read + 1 };
      } else {
        shelf = withSkipped(shelf, `${found.path} (${found.reason}: ${found.detail})`);
      }
      yield shelf;
    }
    if (shelf.read === 0) {
      throw new NoDocuments({ paths, skipped: shelf.named });
    }
    const { passages, refused } = await context.request(Catalogue, {});
    yield refused.reduce(withSkipped, { ...shelf, passages, read: shelf.read - refused.length });
  },
});

function withSkipped(shelf: Shelf, what: string): Shelf {
  const named = shelf.named.length < namedMax ? [...shelf.named, what] : shelf.named;
  return { ...shelf, skipped: shelf.skipped + 1, named };
}

const Hit = v.object({
  path: v.string(),
  line: v.number(),
  title: v.string(),
  text: v.string(),
  kind: v.picklist(['prose', 'item', 'row', 'code']),
});

/** A passage that was found, with its place. */
export type Hit = v.InferOutput<typeof Hit>;

interface Refused {
  readonly refused: readonly string[];
}

/**
 * Makes the agent that holds the index.
 *
 * The index belongs to the library and not to the agent's state: it is built once,
 * and a restart of the agent need not lose it.
 */
export function indexer() {
  const index = new DocumentIndex();

  return defineAgent({
    name: 'indexer',
    // Files have at most 1 MiB, so at most 8 MiB of them wait in memory.
    capacity: 8,
    overflow: 'suspend',
    state: { refused: [] } as Refused,
    on: [
      on(DocumentFound, (document, context: Context<Refused>) => {
        const added = index.add(document);
        if (added._tag === 'Full') {
          const refused = `${document.path} (the index is full: ${added.limit} is ${added.max})`;
          context.update((state) => ({ refused: [...state.refused, refused] }));
        }
      }),
      on(Catalogue, (_, context: Context<Refused, CatalogueReply>) => ({
        passages: index.passages,
        refused: context.state.refused,
      })),
    ],
    capabilities: [
      capability('docs.search', {
        description: 'Finds the passages of the library that speak of something, best first.',
        input: v.object({
          query: v.string(),
          limit: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(50)),
        }),
        output: v.array(Hit),
        run: ({ query, limit }) =>
          index.search(query, { limit }).map(({ passage: { path, line, headings, text, kind } }) => ({
            path,
            line,
            title: headings.at(-1) ?? '',
            text,
            kind,
          })),
      }),
    ],
  });
}
