"""`python -m legate_core.cli` is `legate`."""

from __future__ import annotations

from legate_core.cli import main

raise SystemExit(main())
