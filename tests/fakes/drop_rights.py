"""Become an ordinary user, die with the parent, and turn into the program given: PostgreSQL refuses to run as root.

Run by path, before anything else is imported: `python -I -S drop_rights.py <user id> <group id> <program> <argument>…`
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    user_id, group_id = int(sys.argv[1]), int(sys.argv[2])
    if os.geteuid() != user_id:
        os.setgroups([])
        os.setgid(group_id)
        os.setuid(user_id)
    if sys.platform == "linux":
        # After the change of user, which would clear it. SIGQUIT makes PostgreSQL leave at once, its children too.
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGQUIT)
    os.execv(sys.argv[3], sys.argv[3:])


if __name__ == "__main__":
    main()
