/**
 * How what comes by a link is known: the ends of links by their paths, and what one
 * brings by the moment in which it is said.
 *
 * That a message has been on some hosts is true of the one envelope that the link
 * itself makes, not of what agents say because of it: so it is not in its headers,
 * which they would inherit.
 */
import type { Envelope } from '../core/envelope.ts';

/** What the end of a link is called where an agent would have its path. */
export const linkPath = (host: string): string => `/link-to-${host}`;

/** The host that a link with this path leads to; `undefined` for what is no link. */
export const hostOfLink = (path: string): string | undefined => /^\/link-to-(.+)$/.exec(path)?.[1];

export const isLinkPath = (path: string | undefined): boolean => path?.startsWith('/link-to-') === true;

/** What a link says now where it has arrived, and the hosts that it has passed, one after the other. */
let bringing: { readonly topic: string; readonly passed: readonly string[] } | undefined;
const nobody: readonly string[] = [];

/** Says something for a link. Whoever hears of it at once can ask `passedBy`. */
export function bring<T>(topic: string, passed: readonly string[], say: () => T): T {
  const before = bringing;
  bringing = { topic, passed };
  try {
    return say();
  } finally {
    bringing = before;
  }
}

/** The hosts that a message has passed that is being sent right now; none when no link brings it. */
export const passedBy = ({ sender, topic }: Envelope): readonly string[] =>
  bringing !== undefined && sender === undefined && topic === bringing.topic ? bringing.passed : nobody;
