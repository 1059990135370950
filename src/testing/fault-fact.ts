/**
 * The fact that a fault is: what the world did, and to what, in words.
 */
import { contentText, wordsText } from './fact-texts.ts';
import type { FaultEvent, OnTheWay } from './fault.ts';
import type { Happening } from './story-fact.ts';

/** What left last. */
export interface LastSent {
  readonly message: number;
  readonly topic: string | undefined;
  readonly from: string | undefined;
}

type FaultHappening = Extract<Happening, { readonly _tag: 'Fault' }>;

/** @param last What left last: a fault on the way comes at once, so it may be what was hit. */
export function faultFact(fault: FaultEvent, last: LastSent | undefined): Happening {
  switch (fault._tag) {
    case 'Dropped':
      return onTheWay(fault.message, 'is lost', last, { lost: true });
    case 'Duplicated': {
      const copy = fault.lateMs === 0 ? '' : `, the copy comes ${fault.lateMs} ms later`;
      return onTheWay(fault.message, `is doubled${copy}`, last, { doubled: true });
    }
    case 'Delayed': {
      const long = fault.lateMs === 0 ? '' : ` ${fault.lateMs} ms`;
      return onTheWay(fault.message, `is held back${long}`, last, {});
    }
    case 'Crashed':
      return done(fault.what === 'agent' ? fault.name : `host ${fault.name}`, 'is made to crash');
    case 'Restarted':
      return done(`host ${fault.name}`, 'begins anew');
    case 'Partitioned':
      return done(`the link between ${fault.between.join(' and ')}`, 'carries nothing');
    case 'Healed':
      return done(`the link between ${fault.between.join(' and ')}`, 'is whole again');
    case 'Told':
      // The name of a model may look like a path.
      return { ...done('', wordsText(fault.words)), subject: wordsText(fault.subject) };
  }
}

function onTheWay(
  { kind, topic, payload, sender, receiver, linked }: OnTheWay,
  words: string,
  last: LastSent | undefined,
  { lost = false, doubled = false },
): Happening {
  const agent = agentIn(receiver);
  const isLast = kind === 'message' && last?.topic === topic && (linked || last?.from === sender);
  const isAnswer = sender !== undefined && !linked && (kind === 'reply' || kind === 'failure');
  const text = contentText(payload);
  const what = {
    message: '',
    reply: `the reply ${text === '' ? '' : `${text} `}to `,
    failure: 'the failure of ',
    end: 'the end of ',
  }[kind];
  return {
    _tag: 'Fault',
    subject: `${what}${topic ?? 'a message'} from ${sender ?? 'outside'} to ${receiver ?? 'outside'}`,
    words,
    agent,
    message: isLast ? last?.message : undefined,
    lost,
    answer: isAnswer && !doubled ? { from: sender, to: agent } : undefined,
  };
}

function done(subject: string, words: string): FaultHappening {
  const agent = agentIn(subject);
  return { _tag: 'Fault', subject, words, agent, message: undefined, lost: false, answer: undefined };
}

/** The path of an agent; a host, which has a name only, has no lane of its own. */
const agentIn = (name: string | undefined): string | undefined =>
  name?.includes('/') === true ? name : undefined;
