"""A file that commands change while others read it: those who could read it before still can."""

import os
from pathlib import Path

import pytest

from transport.replaced_file import replace


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "keys.json"


def test_a_new_file_is_for_its_owner_only(file: Path) -> None:
    replace(file, "new")
    assert file.read_text() == "new"
    assert file.stat().st_mode & 0o777 == 0o600


def test_the_mode_is_kept(file: Path) -> None:
    replace(file, "old")
    file.chmod(0o640)
    replace(file, "new")
    assert file.stat().st_mode & 0o777 == 0o640


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files to others")
def test_a_service_that_owns_the_file_owns_it_still_when_root_changed_it(file: Path) -> None:
    replace(file, "old")
    os.chown(file, 65_533, 65_534)
    replace(file, "new")
    found = file.stat()
    assert (found.st_uid, found.st_gid, found.st_mode & 0o777) == (65_533, 65_534, 0o600)


def test_where_no_owner_can_be_kept_the_file_is_changed_all_the_same(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "fchown", refused)
    replace(file, "old")
    replace(file, "new")
    assert file.read_text() == "new"
