/**
 * A line of a trace: one event of a system in plain words, without any id that
 * another run could number differently.
 */
import { describeThrown } from '../core/failure.ts';
import type { SystemEvent } from '../core/system-event.ts';

/** `undefined` for an event that says nothing of what happened. */
export function traceLine(event: SystemEvent): string | undefined {
  const at = `${event.atMs} ms`;
  switch (event._tag) {
    case 'Sent':
      return `${at}  ${event.sender ?? 'outside'} → ${event.to ?? 'all'}: ${event.topic}`;
    case 'HandlingEnded':
      return `${at}  ${event.agent} ${event.outcome} ${event.topic}`;
    case 'AgentStarted':
      return `${at}  ${event.agent} started`;
    case 'AgentRestarted':
      return `${at}  ${event.agent} restarted`;
    case 'AgentStopped':
      return `${at}  ${event.agent} ${event.reason}`;
    case 'Failed': {
      const { agent, failure, directive, supervisor } = event.report;
      return `${at}  ${agent} failed: ${describeThrown(failure)}; ${supervisor}: ${directive}`;
    }
    case 'DeadLettered': {
      const { to, cause, envelope } = event.letter;
      return `${at}  dead letter for ${to ?? 'nobody'}: ${envelope.topic ?? 'a reply'} (${cause})`;
    }
    case 'Logged':
      return `${at}  ${event.agent} says: ${event.message}`;
    case 'SystemStopped':
      return `${at}  the system stopped`;
  }
}
