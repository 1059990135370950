/** What the end of a link is called where an agent would have its path. */
export const linkPath = (host: string): string => `/link-to-${host}`;

export const isLinkPath = (path: string | undefined): boolean => path?.startsWith('/link-to-') === true;
