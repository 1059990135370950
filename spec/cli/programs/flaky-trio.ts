/** The researchers of examples/trio.ts, of which each throws once before it looks anything up. */
import { program } from 'troupe/cli';
import { indexer, ReadLibrary, reader } from '../../../examples/trio/library.ts';
import { type Look, Research, researchers } from '../../../examples/trio/researchers.ts';

const thrown = new Set<string>();

const look: Look = async (query, context) => {
  if (!thrown.has(context.self.path)) {
    thrown.add(context.self.path);
    throw new TypeError('cannot read the catalogue');
  }
  return { _tag: 'Weather', summary: `${query.tool} by ${context.self.id}` };
};

export default program({
  options: { docs: { type: 'string', multiple: true, description: 'what to read' } },
  run: async ({ system, options }) => {
    system.spawn(reader);
    system.spawn(indexer());
    system.spawn(researchers({ size: 2, look }));
    for await (const _ of system.stream(ReadLibrary, { paths: [...options.docs] }));
    const findings = await system.request(Research, [
      { tool: 'docs.search', query: 'one' },
      { tool: 'docs.search', query: 'two' },
      { tool: 'docs.search', query: 'three' },
    ]);
    return findings
      .map((finding) => (finding._tag === 'Weather' ? finding.summary : finding._tag))
      .join('\n');
  },
});
