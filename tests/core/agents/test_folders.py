"""No agent is given a folder that Legate itself lives in."""

from __future__ import annotations

from pathlib import Path

import pytest

from legate_core.agents.folders import DataFolder
from legate_core.errors import Invalid


@pytest.mark.parametrize("given", ["home", "home/runs", "home/practice/../runs", ".", "link"])
def test_a_folder_around_or_in_the_data_folder_is_refused(tmp_path: Path, given: str) -> None:
    (tmp_path / "home" / "runs").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "home")
    with pytest.raises(Invalid, match="holds Legate's own data"):
        DataFolder(tmp_path / "home").check({"documents": str(tmp_path / given)})


@pytest.mark.parametrize("given", ["work", "home-two", "home/practice/documents"])
def test_any_other_folder_may_be_given(tmp_path: Path, given: str) -> None:
    DataFolder(tmp_path / "home").check({"documents": str(tmp_path / given)})


def test_a_relative_path_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="absolute"):
        DataFolder(tmp_path).check({"documents": "work"})
