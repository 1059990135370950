/** Bugs of the runtime: each is the patch of the same name beside its scenario. */
import type { Bug } from '../bug.ts';
import { creditNeverReturned } from './credit-never-returned.ts';
import { creditReturnedTwice } from './credit-returned-twice.ts';
import { duplicateTerminated } from './duplicate-terminated.ts';
import { lostLateReply } from './lost-late-reply.ts';
import { lostWakeUpOfAParkedCell } from './lost-wake-up-of-a-parked-cell.ts';
import { messageLostAtPassivation } from './message-lost-at-passivation.ts';
import { offByOneRestartWindow } from './off-by-one-restart-window.ts';
import { reservationReturnedTwice } from './reservation-returned-twice.ts';
import { starvedLane } from './starved-lane.ts';
import { stashLostAtRestart } from './stash-lost-at-restart.ts';
import { terminatedBeforeTheLastMessage } from './terminated-before-the-last-message.ts';
import { timerOfTheOldIncarnation } from './timer-of-the-old-incarnation.ts';

/** By the name of the patch. */
export const bugsOfTheRuntime: Readonly<Record<string, Bug>> = {
  'lost-late-reply': lostLateReply,
  'off-by-one-restart-window': offByOneRestartWindow,
  'lost-wake-up-of-a-parked-cell': lostWakeUpOfAParkedCell,
  'starved-lane': starvedLane,
  'credit-returned-twice': creditReturnedTwice,
  'credit-never-returned': creditNeverReturned,
  'timer-of-the-old-incarnation': timerOfTheOldIncarnation,
  'duplicate-terminated': duplicateTerminated,
  'terminated-before-the-last-message': terminatedBeforeTheLastMessage,
  'reservation-returned-twice': reservationReturnedTwice,
  'stash-lost-at-restart': stashLostAtRestart,
  'message-lost-at-passivation': messageLostAtPassivation,
};
