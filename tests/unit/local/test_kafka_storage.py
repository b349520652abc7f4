"""Which cluster a data folder holds."""

from pathlib import Path

import pytest

from ops.local.kafka_storage import OtherCluster, cluster_in


def test_a_folder_keeps_its_cluster(tmp_path: Path) -> None:
    first = cluster_in(tmp_path / "new", brokers=3)
    assert cluster_in(tmp_path / "new", brokers=3) == first


def test_two_folders_hold_two_clusters(tmp_path: Path) -> None:
    assert cluster_in(tmp_path / "a", brokers=1).id != cluster_in(tmp_path / "b", brokers=1).id


def test_another_number_of_brokers_is_refused_with_what_to_do(tmp_path: Path) -> None:
    cluster_in(tmp_path, brokers=1)
    with pytest.raises(OtherCluster, match="of 1 brokers, not 3: start it with 1, or with"):
        cluster_in(tmp_path, brokers=3)
