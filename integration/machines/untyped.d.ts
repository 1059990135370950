/** As much of the types of React, its test renderer and `ws` as these tests use. */
declare module 'react' {
  export function createElement(type: unknown, props: object | null, ...children: unknown[]): object;
}

declare module 'react-test-renderer' {
  interface Rendered {
    readonly root: { findByType(type: string): { readonly props: Readonly<Record<string, unknown>> } };
    unmount(): void;
  }
  export function create(element: object): Rendered;
  export function act(work: () => unknown): Promise<void>;
}

declare module 'ws' {
  import { EventEmitter } from 'node:events';

  interface Socket {
    on(event: 'message', heard: (data: Buffer) => void): void;
  }
  export class WebSocketServer extends EventEmitter {
    constructor(options: { readonly port: number });
    address(): unknown;
    close(): void;
    on(event: 'connection', connected: (socket: Socket) => void): this;
  }
}
