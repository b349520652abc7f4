"""A compressed body is unpacked to a limit, and what is not what it says is refused."""

import gzip
import random
import time
import tracemalloc
from collections.abc import Callable

import pytest
from backports import zstd

from gateway import content_encoding
from gateway.bodies_in_hand import BodiesInHand, Hold
from gateway.content_encoding import check_content_encoding
from gateway.content_encoding import unpacked as unpacked_into
from gateway.problems import Problem

CONTENT = b"<p>We may be harmed.</p>" * 1000
LIMIT = len(CONTENT)


def _zstd(content: bytes) -> bytes:
    return zstd.compress(content, options={zstd.CompressionParameter.checksum_flag: 1})


PACKERS: dict[str, Callable[[bytes], bytes]] = {"gzip": gzip.compress, "zstd": _zstd}

each_coding = pytest.mark.parametrize("coding", ["gzip", "zstd"])


def unpacked(body: bytes, coding: str, limit: int, room: int = 1_000_000_000) -> bytes:
    return unpacked_into(body, coding, limit, Hold(BodiesInHand(room * 3 // 2 + 1), "key"))


def _refused(body: bytes, coding: str, limit: int = LIMIT) -> Problem:
    with pytest.raises(Problem) as refused:
        unpacked(body, coding, limit)
    return refused.value


@each_coding
def test_what_was_packed_comes_out_up_to_the_limit(coding: str) -> None:
    assert unpacked(PACKERS[coding](CONTENT), coding, LIMIT) == CONTENT


@each_coding
def test_a_body_may_be_of_several_frames(coding: str) -> None:
    halves = CONTENT[:100], CONTENT[100:]
    assert unpacked(b"".join(map(PACKERS[coding], halves)), coding, LIMIT) == CONTENT


@each_coding
def test_content_over_the_limit_is_too_large(coding: str) -> None:
    problem = _refused(PACKERS[coding](CONTENT), coding, LIMIT - 1)
    assert (problem.status, problem.type) == (413, "body_too_large")


@each_coding
def test_the_limit_holds_over_all_frames_together(coding: str) -> None:
    assert _refused(PACKERS[coding](CONTENT) * 2, coding, LIMIT + 1).status == 413


@each_coding
def test_a_bomb_is_refused_before_it_fills_the_memory(coding: str) -> None:
    bomb = PACKERS[coding](bytes(200_000_000))
    tracemalloc.start()
    try:
        assert _refused(bomb, coding, 1_000_000).status == 413
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()


def test_a_zstd_frame_that_asks_for_a_large_window_is_refused() -> None:
    wide = zstd.compress(CONTENT * 500, options={zstd.CompressionParameter.window_log: 24})
    assert _refused(wide, "zstd", 2 * 500 * LIMIT).status == 400


@pytest.mark.parametrize(
    ("coding", "frame"),
    [
        pytest.param("gzip", gzip.compress(b"", mtime=0), id="gzip"),
        pytest.param("zstd", zstd.compress(b""), id="zstd"),
        pytest.param("zstd", b"\x5f\x2a\x4d\x18" + bytes(4), id="skippable"),
    ],
)
def test_a_body_of_countless_empty_frames_is_refused(coding: str, frame: bytes) -> None:
    content = PACKERS[coding](CONTENT)
    assert unpacked(frame * 9_000 + content, coding, LIMIT) == CONTENT
    assert _refused(frame * 11_000 + content, coding).type == "broken_encoding"


@each_coding
@pytest.mark.parametrize(
    "spoil",
    [
        lambda _: b"",
        lambda _: b"<p>plain</p>",
        lambda packed: packed[: len(packed) // 2],
        lambda packed: packed[:-1],
        lambda packed: packed + b"more",
        lambda packed: packed[: len(packed) // 2] + b"\xff\xff\xff\xff" + packed[len(packed) // 2 + 4 :],
    ],
    ids=["empty", "plain", "half", "one byte short", "with more after it", "damaged"],
)
def test_a_broken_body_is_refused_without_its_content(coding: str, spoil: Callable[[bytes], bytes]) -> None:
    problem = _refused(spoil(PACKERS[coding](CONTENT)), coding)
    assert (problem.status, problem.type) == (400, "broken_encoding")
    assert "harmed" not in problem.detail


@pytest.mark.parametrize("known", ["", "gzip", "x-gzip", "zstd"])
def test_known_encodings_pass(known: str) -> None:
    check_content_encoding(known)


@pytest.mark.parametrize("unknown", ["br", "deflate", "gzip, zstd", "gzip,", "nonsense"])
def test_an_unknown_encoding_is_refused_with_those_that_are_known(unknown: str) -> None:
    with pytest.raises(Problem) as refused:
        check_content_encoding(unknown)
    assert (refused.value.status, refused.value.type) == (415, "unsupported_encoding")
    assert refused.value.headers["Accept-Encoding"] == "gzip, zstd"


@each_coding
def test_content_that_the_gateway_has_no_room_for_is_refused(coding: str) -> None:
    with pytest.raises(Problem) as refused:
        unpacked(PACKERS[coding](CONTENT), coding, LIMIT, room=LIMIT - 1)
    assert (refused.value.status, refused.value.type) == (503, "overloaded")
    assert refused.value.headers == {"Retry-After": "2"}


@pytest.mark.parametrize("zeros", [0, 1, 70_000, 20_000_000])
def test_zeros_behind_a_gzip_member_are_skipped_in_a_moment(zeros: int) -> None:
    padded = gzip.compress(CONTENT) + bytes(zeros)
    began = time.process_time()
    assert unpacked(padded * 2, "gzip", 2 * LIMIT) == CONTENT * 2
    assert time.process_time() - began < 1


def test_members_are_found_wherever_a_chunk_of_the_body_ends() -> None:
    member = gzip.compress(random.Random(1).randbytes(21_000))
    body = b"".join(member + bytes(number) for number in range(40))
    assert len(unpacked(body, "gzip", 10**9)) == 40 * 21_000


def test_zeros_before_a_gzip_member_or_alone_are_no_gzip() -> None:
    assert _refused(b"\0" + gzip.compress(CONTENT), "gzip").type == "broken_encoding"
    assert _refused(bytes(1000), "gzip").type == "broken_encoding"


@each_coding
def test_a_body_that_takes_longer_than_any_content_is_given_up(coding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content_encoding, "_MOST_SECONDS", -1.0)
    assert _refused(PACKERS[coding](CONTENT), coding).type == "broken_encoding"


def test_empty_blocks_with_a_code_table_each_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content_encoding, "_MOST_SECONDS", 0.1)
    began = time.thread_time()
    assert _refused(b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + EMPTY_BLOCKS * 400_000, "gzip").type == "broken_encoding"
    assert time.thread_time() - began < 0.3


EMPTY_BLOCKS = bytes.fromhex("04c0810800000000207feb47001c880000000000f2b77e")
"""Two of deflate, in 23 bytes: a code table for the end of a block, and that end."""
