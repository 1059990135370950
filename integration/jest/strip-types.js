/** What Jest calls a transformer: TypeScript in, JavaScript out, every line where it was. */
import { stripTypeScriptTypes } from 'node:module';

const process = (source) => ({ code: stripTypeScriptTypes(source) });

export default { process, processAsync: async (source) => process(source) };
