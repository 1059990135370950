/** Records as many answers as it is told on a cassette, each under its own name. */
import { cassetteFile } from '../../../src/adapters/node/cassette-file.ts';
import { openCassette } from '../../../src/testing/cassette.ts';
import { scriptedModel } from '../../../src/testing/scripted-model.ts';

const [path, who, count] = process.argv.slice(2) as [string, string, string];
const cassette = await openCassette(cassetteFile(path));
const model = cassette.record(scriptedModel((_call, n) => `${who} ${n}`));
for (let n = 0; n < Number(count); n += 1) {
  await model.doGenerate({ prompt: [{ role: 'user', content: [{ type: 'text', text: `${who} ${n}` }] }] });
}
