/**
 * Errors of a simulated disk, with the codes and the words of Node's.
 */
const errors = {
  EBADF: [-9, 'bad file descriptor'],
  EBUSY: [-16, 'resource busy or locked'],
  EEXIST: [-17, 'file already exists'],
  EINVAL: [-22, 'invalid argument'],
  EIO: [-5, 'i/o error'],
  EISDIR: [-21, 'illegal operation on a directory'],
  ENOENT: [-2, 'no such file or directory'],
  ENOSPC: [-28, 'no space left on device'],
  ENOTDIR: [-20, 'not a directory'],
  ENOTEMPTY: [-39, 'directory not empty'],
} as const;

export type DiskErrorCode = keyof typeof errors;

/**
 * What Node would throw.
 *
 * @example
 * new DiskError('ENOENT', 'open', '/log').message // => "ENOENT: no such file or directory, open '/log'"
 */
export class DiskError extends Error {
  readonly code: DiskErrorCode;
  readonly errno: number;
  readonly syscall: string;
  readonly path: string | undefined;

  constructor(code: DiskErrorCode, syscall: string, path?: string) {
    const [errno, words] = errors[code];
    super(`${code}: ${words}, ${syscall}${path === undefined ? '' : ` '${path}'`}`);
    this.code = code;
    this.errno = errno;
    this.syscall = syscall;
    this.path = path;
  }
}
