/** Answers for ever, as fast as it is read. */
import { program } from 'troupe/cli';

export default program({
  async *run() {
    for (let line = 1; ; line += 1) {
      yield `line ${line}\n`;
    }
  },
});
