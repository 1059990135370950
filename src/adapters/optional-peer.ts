/**
 * Optional peers: packages that an adapter needs and Troupe does not bring along.
 */

/** An adapter was imported without the package it adapts. */
export class PeerMissing extends Error {
  readonly _tag = 'PeerMissing';
  readonly entryPoint: string;
  readonly peer: string;

  constructor(facts: { entryPoint: string; peer: string; cause: unknown }) {
    super(undefined, { cause: facts.cause });
    this.entryPoint = facts.entryPoint;
    this.peer = facts.peer;
  }

  override get message(): string {
    return `'${this.entryPoint}' needs the package '${this.peer}', which is not installed: npm install ${this.peer}`;
  }
}

/**
 * Awaits the import of a peer.
 *
 * Errors: `PeerMissing` when that package is not installed; whatever it throws itself.
 */
export async function peerOf<Module>(
  entryPoint: string,
  peer: string,
  importing: Promise<Module>,
): Promise<Module> {
  try {
    return await importing;
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'ERR_MODULE_NOT_FOUND' && message.includes(`'${peer}'`)) {
      throw new PeerMissing({ entryPoint, peer, cause });
    }
    throw cause;
  }
}
