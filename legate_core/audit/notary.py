"""Who signs checkpoints, and where the last one is kept outside the database."""

from __future__ import annotations

import threading

from legate_core.crypto.keys import DEVICE, KeyPort, get_or_make, note_name
from legate_core.crypto.signing import Checkpoint, DeviceKey, open_checkpoint, sign_checkpoint, verifier_key
from legate_core.errors import Damaged


def origin_of(workspace_id: str) -> str:
    """The name of a workspace's journal in its checkpoints; the signing key goes by the same name."""
    return f"legate/{workspace_id}"


class Notary:
    """Holds the device key while the process runs; a port of the kernel. The notes it keeps are public.

    Methods that reach the key port may block for seconds, so a loop calls them in a thread.
    """

    def __init__(self, keys: KeyPort, device: DeviceKey) -> None:
        self._keys = keys
        self._device = device
        self._guard = threading.Lock()

    @classmethod
    def open(cls, keys: KeyPort, *, may_make: bool = True) -> Notary:
        """The notary on an unlocked key port. Makes the device key where there is none and `may_make`."""
        return cls(keys, DeviceKey(get_or_make(keys, DEVICE, may_make=may_make)))

    @property
    def public_key(self) -> bytes:
        """What verifies this device's signatures."""
        return self._device.public_key

    def verifier_key(self, workspace_id: str) -> str:
        """The public key in the form other tools take."""
        return verifier_key(origin_of(workspace_id), self.public_key)

    def sign(self, workspace_id: str, size: int, root: bytes) -> str:
        """A signed checkpoint. The caller has made sure that it contradicts none that was signed before."""
        return sign_checkpoint(Checkpoint(origin_of(workspace_id), size, root), self._device)

    def outside(self, workspace_id: str) -> str | None:
        """The last checkpoint kept outside the database; None where there is none."""
        kept = self._keys.get(note_name(workspace_id))
        if kept is None:
            return None
        try:
            return kept.decode()
        except UnicodeDecodeError as error:
            raise Damaged("The checkpoint outside the database is damaged. Do not trust it.") from error

    def keep(self, workspace_id: str, note: str) -> None:
        """Keep a checkpoint outside the database, in the place of the one before; a larger one stays.

        The thread that keeps a checkpoint goes on where its task was cancelled, so it may come after its successor's.
        """
        with self._guard:
            if self._size(workspace_id, self.outside(workspace_id)) < self._size(workspace_id, note):
                self._keys.put(note_name(workspace_id), note.encode())

    def _size(self, workspace_id: str, note: str | None) -> int:
        """How many entries a checkpoint signs; below none where this device never signed it."""
        if note is None:
            return -1
        try:
            return open_checkpoint(note, origin_of(workspace_id), self.public_key).size
        except Damaged:
            return -1
