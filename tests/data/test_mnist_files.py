"""Where MNIST's files come from: folders, the cache, and mirrors of every kind of bad behaviour, on this machine."""

from __future__ import annotations

import hashlib
import logging
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pooch
import pytest

from drumhead.data import MNIST_ROOT_VARIABLE, DatasetError, find_mnist, mnist_files
from drumhead.data.mnist_files import MIRRORS, MNIST_FILES, RemoteFile, download

CONTENT = {name: f"the content of {name}".encode() * 400 for name in ("images.gz", "labels.gz")}
FILES = {name: RemoteFile(hashlib.sha256(body).hexdigest(), len(body)) for name, body in CONTENT.items()}
TOTAL = sum(map(len, CONTENT.values()))

Answer = Callable[[BaseHTTPRequestHandler, bytes, threading.Event], None]


def good(handler: BaseHTTPRequestHandler, body: bytes, over: threading.Event) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def corrupted(handler: BaseHTTPRequestHandler, body: bytes, over: threading.Event) -> None:
    good(handler, body[:-1] + b"?", over)


def cut(handler: BaseHTTPRequestHandler, body: bytes, over: threading.Event) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body[: len(body) // 2])


def stalling(handler: BaseHTTPRequestHandler, body: bytes, over: threading.Event) -> None:
    cut(handler, body, over)
    handler.wfile.flush()
    over.wait(10)


def silent(handler: BaseHTTPRequestHandler, body: bytes, over: threading.Event) -> None:
    over.wait(10)


def without(handler: BaseHTTPRequestHandler, body: bytes, over: threading.Event) -> None:
    handler.send_error(404)


class Mirror:
    """A web server on this machine."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.asked: list[str] = []


@contextmanager
def serving(answer: Answer) -> Iterator[Mirror]:
    """A mirror that gives every file the same kind of answer."""
    over = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.asked.append(self.path.lstrip("/"))
            answer(self, CONTENT[self.path.lstrip("/")], over)

        def log_message(self, *words: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        site = Mirror(f"http://127.0.0.1:{server.server_port}/")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield site
        finally:
            over.set()
            server.shutdown()
            thread.join()


@pytest.fixture
def mirror() -> Iterator[Callable[[Answer], Mirror]]:
    """Start mirrors; they are stopped after the test."""
    with ExitStack() as stack:
        yield lambda answer: stack.enter_context(serving(answer))


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask this machine directly, whatever the environment says."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


def dead() -> str:
    """The URL of a mirror that is not running."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"http://127.0.0.1:{server.getsockname()[1]}/"


def fetch(folder: Path, *mirrors: str, files: Mapping[str, RemoteFile] = FILES) -> dict[str, Path]:
    return download(folder, files=files, mirrors=mirrors, timeout=0.3)


def check_whole(folder: Path, found: dict[str, Path]) -> None:
    """All files are there, right, and nothing else is."""
    assert found == {name: folder / name for name in FILES}
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == CONTENT


def test_files_are_downloaded_once(mirror: Callable[[Answer], Mirror], tmp_path: Path) -> None:
    one = mirror(good)
    folder = tmp_path / "cache" / "mnist"
    check_whole(folder, fetch(folder, one.url))
    check_whole(folder, fetch(folder, one.url))
    check_whole(folder, fetch(folder, dead()))
    assert one.asked == list(FILES)


@pytest.mark.parametrize("answer", [corrupted, cut, stalling, silent, without])
def test_a_bad_mirror_is_given_up_for_the_next(
    answer: Answer, mirror: Callable[[Answer], Mirror], tmp_path: Path
) -> None:
    bad, fine = mirror(answer), mirror(good)
    check_whole(tmp_path, fetch(tmp_path, bad.url, fine.url))
    assert bad.asked == ["images.gz"]  # once: the second file is asked for elsewhere first
    assert fine.asked == list(FILES)


def test_a_dead_mirror_is_given_up_for_the_next(mirror: Callable[[Answer], Mirror], tmp_path: Path) -> None:
    check_whole(tmp_path, fetch(tmp_path, dead(), mirror(good).url))


def test_files_may_come_from_different_mirrors(mirror: Callable[[Answer], Mirror], tmp_path: Path) -> None:
    def only(name: str) -> Answer:
        return lambda handler, body, over: (good if body == CONTENT[name] else without)(handler, body, over)

    labels, images = mirror(only("labels.gz")), mirror(only("images.gz"))
    check_whole(tmp_path, fetch(tmp_path, labels.url, images.url))


def test_no_mirror_is_one_message_with_both_ways_out(mirror: Callable[[Answer], Mirror], tmp_path: Path) -> None:
    gone, bad, stuck = dead(), mirror(corrupted).url, mirror(stalling).url
    with pytest.raises(DatasetError) as caught:
        fetch(tmp_path / "cache", gone, bad, stuck)
    message = str(caught.value)
    assert all(f"{url}images.gz: " in message for url in (gone, bad, stuck))
    assert "Try again where there is a network" in message
    assert "--mnist-root" in message
    assert MNIST_ROOT_VARIABLE in message
    assert len(message.splitlines()) == 5
    assert "Connection refused" in message
    assert "does not match the known hash" in message
    assert "Read timed out" in message
    assert "ConnectionPool" not in message
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_folder_that_cannot_be_written_to_is_told(mirror: Callable[[Answer], Mirror], tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")
    with pytest.raises(DatasetError, match=r"(Not a directory|File exists): .*cache"):
        fetch(tmp_path / "cache", mirror(good).url)


def test_what_came_whole_is_kept_for_the_next_time(mirror: Callable[[Answer], Mirror], tmp_path: Path) -> None:
    def first_only(handler: BaseHTTPRequestHandler, body: bytes, over: threading.Event) -> None:
        (good if body == CONTENT["images.gz"] else cut)(handler, body, over)

    with pytest.raises(DatasetError, match=r"labels\.gz"):
        fetch(tmp_path, mirror(first_only).url)
    assert [file.name for file in tmp_path.iterdir()] == ["images.gz"]
    fine = mirror(good)
    check_whole(tmp_path, fetch(tmp_path, fine.url))
    assert fine.asked == ["labels.gz"]


def test_an_interrupted_download_leaves_nothing(mirror: Callable[[Answer], Mirror], tmp_path: Path) -> None:
    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        download(tmp_path, files=FILES, mirrors=[mirror(good).url], progress=interrupt)
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_file_in_the_cache_is_replaced(mirror: Callable[[Answer], Mirror], tmp_path: Path) -> None:
    (tmp_path / "images.gz").write_bytes(b"half of it")
    check_whole(tmp_path, fetch(tmp_path, mirror(good).url))


def test_progress_grows_to_the_total(mirror: Callable[[Answer], Mirror], tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    download(tmp_path, files=FILES, mirrors=[mirror(good).url], progress=lambda done, total: seen.append((done, total)))
    assert {total for _, total in seen} == {TOTAL}
    done = [done for done, _ in seen]
    assert done == sorted(done)
    assert done[-1] == TOTAL


def test_pooch_does_not_print(
    mirror: Callable[[Answer], Mirror], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    before = pooch.get_logger().level
    fetch(tmp_path, mirror(good).url)
    assert capfd.readouterr() == ("", "")
    assert pooch.get_logger().level == before != logging.WARNING


def test_there_are_two_mirrors_and_four_files() -> None:
    assert len(MIRRORS) >= 2
    assert all(url.startswith("https://") and url.endswith("/") for url in MIRRORS)
    assert len(MNIST_FILES) == 4


def test_the_files_are_the_well_known_ones(real_mnist: Path) -> None:
    md5 = {
        "train-images-idx3-ubyte.gz": "f68b3c2dcbeaaa9fbdd348bbdeb94873",
        "train-labels-idx1-ubyte.gz": "d53e105ee54ea40749a09fcbcd1e9432",
        "t10k-images-idx3-ubyte.gz": "9fb629c4189551a2d022fa330f9573f3",
        "t10k-labels-idx1-ubyte.gz": "ec29112dd5afa0611ce80d1b7f02629c",
    }
    for name, file in MNIST_FILES.items():
        if not (real_mnist / name).is_file():
            pytest.skip(f"{real_mnist} holds {name} unzipped")
        content = (real_mnist / name).read_bytes()
        assert hashlib.md5(content).hexdigest() == md5[name]
        assert file == RemoteFile(hashlib.sha256(content).hexdigest(), len(content))


def test_a_folder_is_named_by_argument_or_environment(
    toy_mnist: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = {name: toy_mnist / name for name in MNIST_FILES}
    monkeypatch.setenv(MNIST_ROOT_VARIABLE, str(tmp_path / "elsewhere"))
    assert find_mnist(toy_mnist) == expected
    monkeypatch.setenv(MNIST_ROOT_VARIABLE, str(toy_mnist))
    assert find_mnist() == expected


def test_a_folder_without_the_files_says_which(tmp_path: Path) -> None:
    for name in list(MNIST_FILES)[:3]:
        (tmp_path / name.removesuffix(".gz")).touch()
    with pytest.raises(DatasetError, match=r"four IDX files, gzipped or not; t10k-labels-idx1-ubyte\.gz missing"):
        find_mnist(tmp_path)


@pytest.mark.parametrize("value", [None, ""])
def test_without_a_folder_the_files_go_to_the_users_cache(
    value: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pooch, "os_cache", lambda name: tmp_path / name)
    monkeypatch.setattr(mnist_files, "download", lambda folder, progress: {"folder": folder})
    if value is None:
        monkeypatch.delenv(MNIST_ROOT_VARIABLE, raising=False)
    else:
        monkeypatch.setenv(MNIST_ROOT_VARIABLE, value)
    assert find_mnist() == {"folder": tmp_path / "drumhead" / "mnist"}
