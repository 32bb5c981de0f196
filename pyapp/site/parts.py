"""Unfinished files and folders: `*.part`, locked by the process that fills them and removed when none does."""

import contextlib
import os
import re
import shutil
import time

try:
    import fcntl
except ModuleNotFoundError:  # Windows, where what is open cannot be deleted anyway
    fcntl = None

OURS = re.compile(r"\..+\.\d+\.part")  # .NAME.THREAD.part, as `tree.save` writes
DAY = 86400


@contextlib.contextmanager
def held(path):
    """Mark a file or folder as in use, until the block or this process ends, in whatever way."""
    with contextlib.ExitStack() as stack:
        if fcntl:
            with contextlib.suppress(OSError):  # where files cannot be locked, `abandoned` waits for a day
                handle = os.open(path, os.O_RDONLY)
                stack.callback(os.close, handle)
                fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def abandoned(path):
    """Whether no process is filling a part any more."""
    if fcntl:
        handle = os.open(path, os.O_RDONLY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            return False
        except OSError:
            pass
        finally:
            os.close(handle)
    return path.stat().st_mtime < time.time() - DAY


def clear(parts):
    """Remove the parts that a killed run has left."""
    for part in parts:
        with contextlib.suppress(OSError):  # another run may be clearing too
            if abandoned(part):
                shutil.rmtree(part) if part.is_dir() else part.unlink()


def parts_below(folder):
    """Our own parts in a folder and the folders in it."""
    return [path for path in folder.rglob("*.part") if OURS.fullmatch(path.name)]
