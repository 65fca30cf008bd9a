/** Reading what users name. Its errors are theirs, but for those of a machine that is short of something. */
import { MediaError } from '../media/request.js'

const OF_THE_MACHINE = ['EMFILE', 'ENFILE', 'ENOMEM']

/**
 * What `read` gives of the file or directory at `path`. Throws a MediaError where it cannot be read; what goes away by
 * itself is thrown as it is.
 */
export function fromSource<Result>(path: string, read: () => Result): Result {
  try {
    return read()
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException
    if (syscall === undefined || OF_THE_MACHINE.includes(code ?? '')) throw error
    throw new MediaError(whyUnreadable(path, code ?? ''))
  }
}

function whyUnreadable(path: string, code: string): string {
  const shown = JSON.stringify(path)
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return `there is no ${shown}: give the path of a file that exists`
    case 'EACCES':
    case 'EPERM':
      return `${shown} cannot be read (${code}): give the process the right to read it`
    case 'ELOOP':
      return `${shown} is a symbolic link that leads nowhere (ELOOP): give the path of a file`
  }
  return `${shown} cannot be read (${code}): give a file on a disk that can be read`
}
