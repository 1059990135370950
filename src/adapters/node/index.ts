// Files of this machine: where a system's events go, and the documents that agents read.
export { FileBehind, type FileWriter, type FileWriterOptions, fileWriter } from './file-writer.ts';
export { type FileFacts, type Files, nodeFiles } from './files.ts';
export {
  type Document,
  type DocumentRead,
  PathNotFound,
  type ReadDocumentsOptions,
  readDocuments,
  type SkipReason,
} from './read-documents.ts';
