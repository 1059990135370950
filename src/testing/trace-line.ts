/**
 * A line of a trace: one event of a system in plain words, without any id that
 * another run could number differently.
 */
import { describeThrown } from '../core/failure.ts';
import { oneLine } from '../core/one-line.ts';
import type { SystemEvent } from '../core/system-event.ts';
import { withoutColours, wordsText } from './fact-texts.ts';

/** It is one line, whatever logs and failures hold, and no longer than can be read. */
export function traceLine(event: SystemEvent): string {
  return `${event.atMs} ms  ${oneLine(wordsOf(event))}`;
}

function wordsOf(event: SystemEvent): string {
  switch (event._tag) {
    case 'Sent':
      return `${event.sender ?? 'outside'} → ${event.to ?? 'all'}: ${event.topic}`;
    case 'HandlingEnded':
      return `${event.agent} ${event.outcome} ${event.topic}`;
    case 'AgentStarted':
      return `${event.agent} started`;
    case 'AgentRestarted':
      return `${event.agent} restarted`;
    case 'AgentStopped':
      return `${event.agent} ${event.reason}`;
    case 'Failed': {
      const { agent, failure, directive, supervisor } = event.report;
      return `${agent} failed: ${wordsText(withoutColours(describeThrown(failure)))}; ${supervisor}: ${directive}`;
    }
    case 'DeadLettered': {
      const { to, cause, envelope } = event.letter;
      return `dead letter for ${to ?? 'nobody'}: ${envelope.topic ?? 'a reply'} (${cause})`;
    }
    case 'Logged':
      return `${event.agent} says: ${wordsText(event.message)}`;
    case 'SystemStopped':
      return 'the system stopped';
  }
}
