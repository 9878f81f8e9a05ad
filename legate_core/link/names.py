"""What stands in a data folder while its owner listens."""

from __future__ import annotations

SOCKET = "link.sock"
"""The socket, or a link to it."""

PIPE = "link.pipe"
"""On Windows: the file that holds the name of the pipe."""
