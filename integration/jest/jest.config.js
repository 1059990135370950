/** Jest on sources that nobody compiles: Node takes the types away. */
export default {
  rootDir: import.meta.dirname,
  testMatch: ['**/*.test.js'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': './strip-types.js' },
  testEnvironmentOptions: { customExportConditions: ['troupe-source', 'node', 'node-addons'] },
};
