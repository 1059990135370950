/** Throws, as code of a user's may at any time. */
export const boom = (): never => {
  throw new Error('boom');
};
