/** Imports every entry point as a user gets it: from dist, without the condition that leads to src. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const { name, exports } = JSON.parse(readFileSync('package.json', 'utf8')) as {
  name: string;
  exports: Record<string, { default: string } | string | null>;
};

const entries = Object.entries(exports).flatMap(([path, target]) =>
  typeof target === 'object' && target !== null ? [`${name}${path.slice(1)}`] : [],
);

const program = entries.map((entry) => `await import('${entry}');`).join('\n');
const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
  encoding: 'utf8',
  env: { ...process.env, NODE_OPTIONS: '' },
});
if (status !== 0) throw new Error(`an entry point does not load from dist:\n${stderr}`);
console.log(`${entries.join(', ')} load from dist`);
