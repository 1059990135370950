/**
 * The end of a client, as a server can see it.
 *
 * A response says 'close' when its connection ends, but only one whose turn it is: a
 * client may send several requests at once (pipelining), and the responses that wait
 * for their turn hear of nothing. So their connection is listened to as well, with one
 * listener for all of them.
 */
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Whether nobody is there any more to take what is left of a response. */
export function hasLeft(response: ServerResponse): boolean {
  return (response.destroyed || response.req.socket.destroyed) && !response.writableFinished;
}

/** Whether somebody else has begun to answer, or has answered: a middleware that watches the time, say. */
export const isAnswered = (response: ServerResponse): boolean =>
  response.headersSent || response.writableEnded;

/** Calls `listener` once, if the client leaves before it has its response; returns how to stop listening. */
export function onLeft(response: ServerResponse, listener: () => void): () => void {
  const waiting = waitingAt(response.req.socket);
  const stop = (): void => {
    response.off('close', onClose);
    waiting.delete(onClose);
  };
  const onClose = (): void => {
    stop();
    if (!response.writableFinished) {
      listener();
    }
  };
  response.on('close', onClose);
  waiting.add(onClose);
  return stop;
}

const waitingBySocket = new WeakMap<Socket, Set<() => void>>();

function waitingAt(socket: Socket): Set<() => void> {
  const known = waitingBySocket.get(socket);
  if (known !== undefined) {
    return known;
  }
  const waiting = new Set<() => void>();
  waitingBySocket.set(socket, waiting);
  socket.once('close', () => {
    for (const onClose of [...waiting]) {
      onClose();
    }
  });
  return waiting;
}
