/**
 * The researchers: a pool of agents below one that deals the work out.
 *
 * Each is told its share of the queries and looks them up with the tools that
 * agents of the system offer. A researcher that throws is restarted by its parent
 * and handles its share once more; one that cannot do it is not waited for: its
 * queries come back as failed, and the others' findings are still good.
 */
import { type AgentRef, CapabilityError, type Context, defineAgent, defineTopic, type } from 'troupe';
import type { Hit } from './library.ts';

/** What is to be looked up, and with which tool. */
export type Query =
  | { readonly tool: 'docs.search'; readonly query: string }
  | { readonly tool: 'weather.get'; readonly city: string; readonly month?: string };

export type Finding =
  | { readonly _tag: 'Passages'; readonly query: string; readonly hits: readonly Hit[] }
  | { readonly _tag: 'Weather'; readonly summary: string }
  | { readonly _tag: 'Failed'; readonly reason: string };

export const Research = defineTopic('trio.research', {
  schema: type<readonly Query[]>(),
  reply: type<readonly Finding[]>(),
});

/** How a researcher looks one thing up. */
export type Look = (query: Query, context: Context) => Promise<Finding>;

const hitsMax = 8;

const lookWithTools: Look = async (query, context) => {
  try {
    if (query.tool === 'weather.get') {
      const { tool, ...input } = query;
      const { summary } = (await context.tool(tool, input)) as { summary: string };
      return { _tag: 'Weather', summary };
    }
    const hits = await context.tool(query.tool, { query: query.query, limit: hitsMax });
    return { _tag: 'Passages', query: query.query, hits: hits as readonly Hit[] };
  } catch (failure) {
    // A tool that refuses is a thing that happens; anything else is for the supervisor.
    if (failure instanceof CapabilityError) return { _tag: 'Failed', reason: failure.message };
    throw failure;
  }
};

const researcher = (look: Look) =>
  defineAgent({
    name: 'researcher',
    subscribe: [Research],
    redeliver: { attemptsMax: 3 },
    receive: async (queries, context) => {
      const findings: Finding[] = [];
      for (const query of queries) {
        findings.push(await look(query, context as Context));
      }
      return findings;
    },
  });

type Pool = readonly AgentRef<readonly Query[], readonly Finding[]>[];

/** The pool: `size` researchers and the agent that deals the queries out to them. */
export const researchers = ({ size = 3, look = lookWithTools }: { size?: number; look?: Look } = {}) =>
  defineAgent({
    name: 'researchers',
    subscribe: [Research],
    state: [] as Pool,
    supervision: { restartsMax: 5, windowMs: 10_000, backoffMs: 5 },
    onStart: (context) => {
      // They hear only what they are told: the topic itself is for their parent.
      const pool = Array.from({ length: size }, (_, at) =>
        context.spawn(researcher(look), { id: `researcher-${at + 1}`, subscribe: false }),
      );
      context.update(() => pool);
    },
    receive: async (queries, context) => {
      const pool = context.state;
      const shares = await Promise.all(
        pool.map(async (ref, at) => {
          const share = queries.filter((_, index) => index % pool.length === at);
          if (share.length === 0) return [];
          return context.request(ref, share).catch((failure: unknown) => failedShare(share, failure));
        }),
      );
      return queries.map((_, index) => shares[index % pool.length]![Math.floor(index / pool.length)]!);
    },
  });

const failedShare = (share: readonly Query[], failure: unknown): Finding[] =>
  share.map(() => ({ _tag: 'Failed', reason: failure instanceof Error ? failure.message : String(failure) }));
