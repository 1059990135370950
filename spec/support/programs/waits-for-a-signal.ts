/**
 * A program that holds the process open and listens for the host's wish that it end. It says what happens.
 *
 *     node waits-for-a-signal.ts patient    ends when it is asked to, after a turn of the event loop
 *     node waits-for-a-signal.ts stubborn   never ends by itself
 */
import { liveEnvironment } from '../../../src/core/live-environment.ts';

const [, , manner] = process.argv;
const environment = liveEnvironment();

setInterval(() => {}, 1_000_000);
environment.onTermination((end) => {
  console.log('asked to end');
  if (manner === 'patient') {
    environment.deferPastIo(() => {
      console.log('done');
      end();
    });
  }
});
console.log('ready');
