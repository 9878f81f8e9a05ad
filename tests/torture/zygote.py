"""A process that has imported everything and forks one life after the other, so that hundreds of kills take seconds.

Reads a scene and its folder from each line. Answers with the child's process id, which is stopped until somebody lets it
go on, and, once it is gone, with how it ended: an exit code, or minus the signal.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from pathlib import Path

from tests.torture import scene

PR_SET_PTRACER = 0x59616D61
LONGEST_LIFE_SECONDS = 50


def _be_child(name: str, folder: Path) -> None:
    # Where only ancestors may trace, whoever asks may trace this one.
    ctypes.CDLL(None).prctl(PR_SET_PTRACER, ctypes.c_ulong(-1), 0, 0, 0)
    os.kill(os.getpid(), signal.SIGSTOP)
    # A life that hangs is ended by a signal that the judge does not expect.
    signal.alarm(LONGEST_LIFE_SECONDS)
    os._exit(scene.main(name, folder))


def main() -> None:
    # Whatever is imported on first use is imported before the first child, by living once where nobody looks.
    for name in scene.SCENES:
        scene.main(name, Path(sys.argv[1]))
    for name in scene.KEY_SCENES:
        scene.main(name, Path(sys.argv[1]) / "keys")
    print("ready", flush=True)
    for line in sys.stdin:
        name, _, folder = line.strip().partition(" ")
        process_id = os.fork()
        if process_id == 0:
            _be_child(name, Path(folder))
        print(process_id, flush=True)
        _, status = os.waitpid(process_id, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main()
