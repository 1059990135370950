/** What the end of a link is called where an agent would have its path. */
export const linkPath = (host: string): string => `/link-to-${host}`;

/** The host that a link with this path leads to; `undefined` for what is no link. */
export const hostOfLink = (path: string): string | undefined => /^\/link-to-(.+)$/.exec(path)?.[1];

export const isLinkPath = (path: string | undefined): boolean => path?.startsWith('/link-to-') === true;

/** The header in which the hosts are named that a message has passed, one after the other. */
export const viaHeader = 'troupe-via';
