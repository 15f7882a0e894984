"""Run as a program of its own, `launch.py PARENT COMMAND…`, this becomes the command, and ends with its parent however that ends.

A server that does not look at its input would outlive a parent that was killed. Linux alone knows how to tie one to the
other; and it has to be said after the fork, where a process with threads can do nothing safely but start another program.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main(parent: int, command: list[str]) -> None:
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        return  # it has ended already
    os.execvp(command[0], command)  # noqa: S606  an administrator has named it


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
