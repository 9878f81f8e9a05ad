"""The core of another process of the same person, over a socket that nobody else may open.

Whoever owns the data folder listens; a second window and the `legate` command become its clients. `owner.py` answers,
`client.py` asks, `handover.py` lets a second start show the first one's window, `peers.py` says who is at the other end.
"""
