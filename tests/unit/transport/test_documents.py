"""Documents by path: only regular files below an allowed folder, and nobody learns what else there is."""

import os
import socket
from pathlib import Path

import pytest

from transport.documents import DocumentFolders, DocumentNotFound, DocumentTooLarge, PathRefused

LIMIT = 1000


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An allowed folder, with a secret beside it."""
    (tmp_path / "secret.html").write_bytes(b"secret")
    folder = tmp_path / "allowed"
    folder.mkdir()
    return folder


@pytest.fixture
def folders(root: Path) -> DocumentFolders:
    return DocumentFolders([root])


def _open_descriptors() -> int:
    return len(list(Path("/dev/fd").iterdir()))


def test_a_file_below_the_folder_is_read(folders: DocumentFolders, root: Path) -> None:
    (root / "2024").mkdir()
    (root / "2024" / "filing.html").write_bytes(b"<p>a filing</p>")
    assert folders.read(f"{root}/2024/filing.html", limit=LIMIT) == b"<p>a filing</p>"


def test_every_allowed_folder_counts(folders: DocumentFolders, root: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "filing.html").write_bytes(b"x")
    assert DocumentFolders([root, other]).read(f"{other}/filing.html", limit=LIMIT) == b"x"


def test_without_folders_every_path_is_refused(root: Path) -> None:
    with pytest.raises(PathRefused):
        DocumentFolders([]).check(f"{root}/filing.html")


def test_a_missing_file_passes_the_check_and_is_not_found_by_the_read(folders: DocumentFolders, root: Path) -> None:
    for missing in (f"{root}/missing.html", f"{root}/nowhere/missing.html"):
        folders.check(missing)
        with pytest.raises(DocumentNotFound):
            folders.read(missing, limit=LIMIT)


@pytest.mark.parametrize(
    "path",
    [
        "{root}/../secret.html",
        "{root}/x/../../secret.html",
        "{root}/x/../filing.html",  # would stay inside, but only if x is no link
        "{root}/..",
        "{outside}/secret.html",
        "{root}-beside/filing.html",
        "/etc/passwd",
        "/",
        "{root}",
        "{root}/",
        "/{root}/filing.html",  # two slashes: POSIX leaves it to the system what that is
        "allowed/filing.html",
        "filing.html",
        "",
        "~/filing.html",
        "file://{root}/filing.html",
        "{root}/filing.html\0.jpg",
        "\0",
    ],
)
def test_a_path_that_is_not_plainly_below_the_folder_is_refused(
    folders: DocumentFolders, root: Path, path: str
) -> None:
    path = path.format(root=root, outside=root.parent)
    with pytest.raises(PathRefused):
        folders.check(path)
    with pytest.raises(PathRefused):
        folders.read(path, limit=LIMIT)


def test_a_file_that_is_a_link_is_refused(folders: DocumentFolders, root: Path) -> None:
    (root / "link.html").symlink_to(root.parent / "secret.html")
    with pytest.raises(PathRefused):
        folders.check(f"{root}/link.html")
    with pytest.raises(PathRefused):
        folders.read(f"{root}/link.html", limit=LIMIT)


def test_a_link_is_refused_even_where_it_stays_inside_or_leads_nowhere(folders: DocumentFolders, root: Path) -> None:
    (root / "filing.html").write_bytes(b"x")
    (root / "inside.html").symlink_to(root / "filing.html")
    (root / "dangling.html").symlink_to(root / "missing.html")
    for link in ("inside.html", "dangling.html"):
        with pytest.raises(PathRefused):
            folders.check(f"{root}/{link}")


def test_a_folder_in_the_middle_that_is_a_link_is_refused(folders: DocumentFolders, root: Path) -> None:
    (root / "year").symlink_to(root.parent, target_is_directory=True)
    for behind in ("secret.html", "missing.html"):
        with pytest.raises(PathRefused):
            folders.check(f"{root}/year/{behind}")


def test_the_folder_itself_may_be_reached_through_a_link_and_is_known_by_both_names(root: Path) -> None:
    (root / "filing.html").write_bytes(b"x")
    link = root.parent / "linked"
    link.symlink_to(root, target_is_directory=True)
    folders = DocumentFolders([link])
    assert folders.read(f"{link}/filing.html", limit=LIMIT) == b"x"
    assert folders.read(f"{root}/filing.html", limit=LIMIT) == b"x"


class _SwappedAfterTheCheck(DocumentFolders):
    """An attacker replaces `year` by a link between check and use."""

    def check(self, path: str) -> None:
        super().check(path)
        year = Path(path).parent
        year.rename(year.with_name("away"))
        year.symlink_to(year.parent.parent, target_is_directory=True)


def test_swapping_a_folder_for_a_link_between_check_and_use_gains_nothing(root: Path) -> None:
    (root / "year").mkdir()
    (root / "year" / "secret.html").write_bytes(b"public")
    with pytest.raises(DocumentNotFound):
        _SwappedAfterTheCheck([root]).read(f"{root}/year/secret.html", limit=LIMIT)


def test_what_is_no_regular_file_is_not_found_and_does_not_hang(folders: DocumentFolders, root: Path) -> None:
    (root / "folder").mkdir()
    os.mkfifo(root / "fifo")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(root / "socket"))
        for name in ("folder", "fifo", "socket"):
            with pytest.raises(DocumentNotFound):
                folders.read(f"{root}/{name}", limit=LIMIT)


def test_a_device_is_not_found() -> None:
    with pytest.raises(DocumentNotFound):
        DocumentFolders([Path("/dev")]).read("/dev/zero", limit=LIMIT)


def test_a_fifo_with_a_writer_is_not_found_either(folders: DocumentFolders, root: Path) -> None:
    os.mkfifo(root / "fifo")
    both_ends = os.open(root / "fifo", os.O_RDWR)
    try:
        os.write(both_ends, b"not a document")
        with pytest.raises(DocumentNotFound):
            folders.read(f"{root}/fifo", limit=LIMIT)
    finally:
        os.close(both_ends)


def test_refusing_leaves_no_descriptor_open(folders: DocumentFolders, root: Path) -> None:
    (root / "folder").mkdir()
    (root / "filing.html").write_bytes(b"x")
    before = _open_descriptors()
    for name in ("folder", "missing", "folder/missing", "filing.html/below"):
        with pytest.raises(DocumentNotFound):
            folders.read(f"{root}/{name}", limit=LIMIT)
    folders.read(f"{root}/filing.html", limit=LIMIT)
    assert _open_descriptors() == before


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_that_may_not_be_read_is_not_found(folders: DocumentFolders, root: Path) -> None:
    (root / "filing.html").touch(mode=0)
    folders.check(f"{root}/filing.html")
    with pytest.raises(DocumentNotFound):
        folders.read(f"{root}/filing.html", limit=LIMIT)


def test_a_name_longer_than_a_name_can_be_is_a_missing_file(folders: DocumentFolders, root: Path) -> None:
    for name in ("x" * 300, "x/" * 1500 + "x"):
        folders.check(f"{root}/{name}")
        with pytest.raises(DocumentNotFound):
            folders.read(f"{root}/{name}", limit=LIMIT)


def test_a_file_of_the_limit_is_read_and_one_byte_more_is_too_large(folders: DocumentFolders, root: Path) -> None:
    (root / "filing.html").write_bytes(b"x" * LIMIT)
    assert len(folders.read(f"{root}/filing.html", limit=LIMIT)) == LIMIT
    with pytest.raises(DocumentTooLarge, match=str(LIMIT - 1)):
        folders.read(f"{root}/filing.html", limit=LIMIT - 1)


def test_a_refusal_is_the_same_whether_or_not_the_file_exists(folders: DocumentFolders, root: Path) -> None:
    (root / "link").symlink_to(root.parent, target_is_directory=True)
    answers = set()
    for path in (
        f"{root}/../secret.html",
        f"{root}/../missing.html",
        f"{root}/link/secret.html",
        f"{root}/link/missing.html",
        f"{root.parent}/secret.html",
        f"{root.parent}/missing.html",
    ):
        with pytest.raises(PathRefused) as refused:
            folders.check(path)
        answers.add(str(refused.value))
    assert len(answers) == 1
    assert "secret" not in answers.pop()


def test_of_a_path_that_is_not_there_only_the_first_name_is_looked_at(
    folders: DocumentFolders, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at: list[str] = []
    lstat = os.lstat

    def counted(path: str) -> os.stat_result:
        looked_at.append(path)
        return lstat(path)

    monkeypatch.setattr(os, "lstat", counted)
    folders.check(f"{root}/" + "a/" * 2_000)
    assert looked_at == [f"{root}/a"]
