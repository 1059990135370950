/** Bugs of protocols: agents that are broken or mended. */
import type { Bug } from '../bug.ts';
import { ackBeforeSettle } from './ack-before-settle.ts';
import { answersCrossed } from './answers-crossed.ts';
import { awardForgottenInACrash } from './award-forgotten-in-a-crash.ts';
import { bankTransfer } from './bank-transfer.ts';
import { bornTooLate } from './born-too-late.ts';
import { dedupeByTheLast } from './dedupe-by-the-last.ts';
import { doubleAwardAfterADuplicatedBid } from './double-award-after-a-duplicated-bid.ts';
import { goesOnAfterTheInterrupt } from './goes-on-after-the-interrupt.ts';
import { leaderLease } from './leader-lease.ts';
import { lostUpdate } from './lost-update.ts';
import { outboxForgotten } from './outbox-forgotten.ts';
import { quorumOfOne } from './quorum-of-one.ts';
import { rateLimiter } from './rate-limiter.ts';
import { retryWithoutAKey } from './retry-without-a-key.ts';
import { sagaWithoutDoubt } from './saga-without-doubt.ts';
import { staleCache } from './stale-cache.ts';

export const bugsOfProtocols: readonly Bug[] = [
  doubleAwardAfterADuplicatedBid,
  awardForgottenInACrash,
  ackBeforeSettle,
  bankTransfer,
  lostUpdate,
  retryWithoutAKey,
  outboxForgotten,
  staleCache,
  sagaWithoutDoubt,
  rateLimiter,
  leaderLease,
  quorumOfOne,
  dedupeByTheLast,
  answersCrossed,
  bornTooLate,
  goesOnAfterTheInterrupt,
];
