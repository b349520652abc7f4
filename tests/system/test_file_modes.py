"""What processes keep on disk is for their user alone: filings, vectors, callback URLs."""

import os
import stat
from pathlib import Path

from tests.system.parts import System


def open_to_others(folder: Path) -> list[str]:
    """What below a folder others than its owner may read, write or enter."""
    below = [folder, *folder.rglob("*")]
    return [str(each) for each in below if each.exists() and stat.S_IMODE(each.stat().st_mode) & 0o077]


def test_what_gateway_worker_store_and_vector_cache_keep_is_for_their_user_alone(system: System) -> None:
    kept = system.folder / "kept"
    umask = os.umask(0o022)  # as a user's shell has it
    try:
        gateway = system.gateway(folder=kept / "gateway")
        system.worker("real", worker_dir=kept / "worker", store_dir=kept / "store", vector_cache=kept / "v" / "vectors")
    finally:
        os.umask(umask)
    document = "<p>Item 1A. Risk Factors</p><p><b>A fire would stop us.</b></p><p>We have one plant only.</p>"
    assert gateway.ended(gateway.submit(html_content=document), within=60)["status"] == "SUCCESS"
    parts = [kept / "gateway" / "status-table", kept / "worker", kept / "store", kept / "v" / "vectors"]
    assert all(part.exists() for part in parts)
    assert [each for part in parts for each in open_to_others(part)] == []


def test_a_worker_works_without_its_vector_cache(system: System, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    gateway, worker = system.gateway(), system.worker("real", vector_cache=tmp_path / "folder")
    document = "<p>Item 1A. Risk Factors</p><p><b>A flood would stop us.</b></p><p>We have one plant only.</p>"
    assert gateway.ended(gateway.submit(html_content=document), within=60)["status"] == "SUCCESS"
    assert "without the vector cache" in worker.process.log.read_text()
