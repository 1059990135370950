/**
 * A story: what happened in one run, so that a person can follow it.
 *
 * It is told from facts. A message that is handled before anything else happens is
 * one moment; one that is overtaken, held up or lost is two, which carry the same
 * number: where it left, and where it arrived. So what differs from the order one had
 * in mind can be seen.
 *
 * Guarantees: the same facts give the same story, byte for byte. Lanes are those
 * who took part, in the order in which they first did; agents to whom nothing
 * happened but their start have none.
 */
import { mermaidDiagram } from './mermaid-diagram.ts';
import { sequenceDiagram } from './sequence-diagram.ts';
import type { Lane, Moment } from './story-moment.ts';
import type { StoryRecorder } from './story-recorder.ts';
import { type Recorded, Telling } from './story-telling.ts';

export class Story {
  readonly lanes: readonly Lane[];
  /** What happened, in order. */
  readonly moments: readonly Moment[];

  constructor(recorded: Recorded) {
    const telling = new Telling(recorded);
    this.moments = telling.tell();
    this.lanes = telling.lanes;
  }

  /** As a sequence diagram of text: at most 100 columns wide, the middle of a very long one left out. */
  get text(): string {
    return sequenceDiagram(this);
  }

  /** As a `sequenceDiagram` for Mermaid. */
  get mermaid(): string {
    return mermaidDiagram(this);
  }

  toString(): string {
    return this.text;
  }
}

/** The story of what a recorder has heard. */
export function storyOf(recorder: StoryRecorder | undefined, broken: string | undefined): Story {
  const { facts = [], omitted = 0, omittedAfter = 0 } = recorder ?? {};
  return new Story({ facts, omitted, omittedAfter, broken });
}
