/** As much of Express as these services use: its types are a package of their own. */
declare module 'express' {
  import type { IncomingMessage, Server, ServerResponse } from 'node:http';

  interface Request extends IncomingMessage {
    readonly body: never;
    readonly query: Readonly<Record<string, string>>;
  }
  type Handler = (request: Request, response: ServerResponse) => void;
  interface App {
    use(handler: unknown): void;
    post(path: string, handler: Handler): void;
    get(path: string, handler: Handler): void;
    listen(port: number, host: string): Server;
  }
  const express: (() => App) & { json(): unknown };
  export default express;
}
