/** What cannot be seen of a system through its refs: for laws about queues, counts and what is left behind. */
import type { AgentRef } from '../../src/actors/agent-ref.ts';
import type { Cell } from '../../src/actors/cell.ts';
import type { Handling } from '../../src/actors/handling.ts';
import type { Kernel } from '../../src/actors/kernel.ts';
import { LocalRef } from '../../src/actors/local-ref.ts';
import type { Outlet } from '../../src/actors/outlet.ts';
import { PendingStream } from '../../src/actors/pending-stream.ts';
import type { System } from '../../src/actors/system.ts';
import type { Envelope } from '../../src/core/envelope.ts';

/** The cell behind a ref. */
export function cellOf(ref: AgentRef<never, unknown>): Cell {
  return LocalRef.cellOf(ref)!;
}

export function kernelOf(system: System): Kernel {
  return (system as unknown as { readonly kernel: Kernel }).kernel;
}

/** Requests of code outside of agents that are not over. */
export function outsideRequestsOf(system: System): number {
  return (system as unknown as { readonly requestCount: number }).requestCount;
}

/** Effects on the stage while a step of this context is being taken. */
export function stagedBy(context: object): number {
  return (context as Handling).works.stage.size;
}

/** Where the replies to a request for a stream wait to be read; `undefined` for other messages. */
export function readerOf({ replyTo }: Envelope): Outlet<unknown> | undefined {
  return replyTo instanceof PendingStream ? (replyTo.reader as Outlet<unknown>) : undefined;
}

/** Notices in a cell's mailbox: what can be taken there and is no message. */
export function noticesIn({ mailbox }: Cell): number {
  return mailbox.size - (mailbox.waiting - mailbox.spilled);
}
