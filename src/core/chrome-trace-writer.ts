/**
 * A Chrome trace writer: a system's life as pictures, for ui.perfetto.dev or chrome://tracing.
 *
 *     handlings      slices on the tracks of their agent
 *     messages       arrows from the handling that sent one to the handling of it
 *     mailboxes      a counter for each agent: messages waiting after each handling
 *     failures       instants on the track of their agent
 *     restarts       likewise
 *     dead letters   instants on a track of their own
 *
 * Each text given to `write` is one whole event and what comes before it, so a file
 * that a crash cut off opens too: readers of this format do without the last `]`.
 *
 * Guarantees: after `complete()` the texts together are one JSON array. No value
 * makes it throw; names and messages are shortened to 200 characters, payloads
 * are not written. Bound: what it remembers is the tracks of agents that live and
 * the last 4,096 to 8,192 messages and handlings; an arrow over more than these is
 * left out, and so is one that would point backwards.
 *
 * Source: Duffy et al., "Trace Event Format" (Google, 2013 and later), JSON array
 * format: phases M, X, C, i, s and f.
 */
import { describeValue } from './describe-value.ts';
import { type Flow, MessageFlow } from './message-flow.ts';
import type { IsSecret } from './redact.ts';
import { shorten } from './shorten.ts';
import type { EventListener, SystemEvent } from './system-event.ts';
import { type Slice, TraceTracks, ticksOf, ticksPerMicrosecond } from './trace-tracks.ts';

export interface ChromeTraceWriterOptions {
  /** Takes a piece of the array; the first one comes when the writer is made. */
  readonly write: (text: string) => void;
  /** What the trace calls this system. */
  readonly processName: string;
  /** Which names hold secrets in what was thrown; `isSecretName` by default. */
  readonly isSecret?: IsSecret;
}

type HandlingEnded = Extract<SystemEvent, { _tag: 'HandlingEnded' }>;

const pid = 1;
const deadLetterTrack = 1;
const textCharsMax = 200;
// Half of it outlives a turn of the dispatcher in any system that somebody would still read a trace of.
const rememberedMax = 8_192;

export function chromeTraceWriter({ write, processName, isSecret }: ChromeTraceWriterOptions): EventListener {
  const flow = new MessageFlow<Slice>({ rememberedMax });
  const depths = new Map<string, number>();
  let arrows = 0;

  const put = (event: object) => write(`,\n${JSON.stringify({ pid, ...event })}`);
  const tracks = new TraceTracks({
    firstId: deadLetterTrack + 1,
    opened: (tid, name) => put({ ph: 'M', tid, name: 'thread_name', args: { name: brief(name) } }),
  });

  const instant = (atMs: number, tid: number, name: string, args: object) =>
    put({ ph: 'i', s: 't', tid, ts: microseconds(ticksOf(atMs)), name, cat: 'event', args });

  const drawHandling = (event: HandlingEnded) => {
    const { agent, envelopeId, outcome, topic, traceparent } = event;
    const slice = tracks.slice(agent, event.startedAtMs, event.atMs);
    put({
      ph: 'X',
      tid: slice.track,
      ts: microseconds(slice.fromTicks),
      dur: microseconds(slice.toTicks - slice.fromTicks),
      name: brief(topic ?? 'message'),
      cat: outcome,
      args: { envelope: envelopeId, outcome, traceparent: traceparent && brief(traceparent) },
    });
    drawDepth(agent, slice.toTicks, event.depth);
    flow.handled(envelopeId, agent, slice).forEach(drawArrow);
  };

  const drawDepth = (agent: string, atTicks: number, depth: number) => {
    if (depth !== (depths.get(agent) ?? 0)) {
      depths.set(agent, depth);
      put({ ph: 'C', ts: microseconds(atTicks), name: brief(`waiting at ${agent}`), args: { depth } });
    }
  };

  const drawArrow = ({ sentAt, from, to }: Flow<Slice>) => {
    // A reader binds each end to the slice that is open on that track at that time.
    const leftTicks = Math.min(Math.max(sentAt, from.fromTicks), from.toTicks - 1);
    const cameTicks = Math.max(leftTicks, to.fromTicks);
    if (cameTicks < to.toTicks) {
      arrows += 1;
      const arrow = { cat: 'message', name: 'message', id: arrows };
      put({ ph: 's', tid: from.track, ts: microseconds(leftTicks), ...arrow });
      put({ ph: 'f', bp: 'e', tid: to.track, ts: microseconds(cameTicks), ...arrow });
    }
  };

  const forget = (agent: string, atMs: number) => {
    drawDepth(agent, ticksOf(atMs), 0);
    depths.delete(agent);
    tracks.forget(agent);
  };

  write(`[\n${JSON.stringify({ pid, ph: 'M', name: 'process_name', args: { name: brief(processName) } })}`);
  put({ ph: 'M', tid: deadLetterTrack, name: 'thread_name', args: { name: 'dead letters' } });

  return {
    next(event) {
      switch (event._tag) {
        case 'HandlingEnded':
          return drawHandling(event);
        case 'Sent':
          if (event.sender !== undefined && event.causationId !== undefined) {
            flow.sent(event.id, ticksOf(event.atMs), event.sender, event.causationId);
          }
          return;
        case 'Failed': {
          const { agent, directive, failure, supervisor } = event.report;
          const thrown = describeValue(failure, textCharsMax, isSecret);
          return instant(event.atMs, tracks.first(agent), 'failed', {
            thrown,
            directive,
            supervisor: brief(supervisor),
          });
        }
        case 'DeadLettered': {
          const { attempts, cause, envelope, to } = event.letter;
          const { id, topic } = envelope;
          return instant(event.atMs, deadLetterTrack, cause, {
            to: to && brief(to),
            envelope: id,
            topic: topic && brief(topic),
            attempts,
          });
        }
        case 'AgentRestarted':
          return instant(event.atMs, tracks.first(event.agent), 'restarted', { restarts: event.restarts });
        case 'AgentStopped':
          return forget(event.agent, event.atMs);
      }
    },
    complete() {
      write('\n]\n');
    },
  };
}

const microseconds = (ticks: number): number => ticks / ticksPerMicrosecond;

const brief = (text: string): string => shorten(text, textCharsMax);
