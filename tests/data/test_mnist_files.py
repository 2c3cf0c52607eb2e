"""Finding MNIST's files in folders and the cache, and downloading them from local mirrors that fail in every way."""

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

Respond = Callable[[BaseHTTPRequestHandler, bytes, threading.Event], None]


def respond_correctly(handler: BaseHTTPRequestHandler, body: bytes, over: threading.Event) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def respond_corrupted(handler: BaseHTTPRequestHandler, body: bytes, over: threading.Event) -> None:
    respond_correctly(handler, body[:-1] + b"?", over)


def respond_truncated(handler: BaseHTTPRequestHandler, body: bytes, over: threading.Event) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body[: len(body) // 2])


def respond_stalling(handler: BaseHTTPRequestHandler, body: bytes, over: threading.Event) -> None:
    respond_truncated(handler, body, over)
    handler.wfile.flush()
    over.wait(10)


def respond_silent(handler: BaseHTTPRequestHandler, body: bytes, over: threading.Event) -> None:
    over.wait(10)


def respond_not_found(handler: BaseHTTPRequestHandler, body: bytes, over: threading.Event) -> None:
    handler.send_error(404)


class Mirror:
    """A local web server and the files that were requested from it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.requested: list[str] = []


StartMirror = Callable[[Respond], Mirror]


@contextmanager
def run_mirror(respond: Respond) -> Iterator[Mirror]:
    """Run a mirror that gives every file the same kind of response."""
    over = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.requested.append(self.path.lstrip("/"))
            respond(self, CONTENT[self.path.lstrip("/")], over)

        def log_message(self, *args: object) -> None:
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
def mirror() -> Iterator[StartMirror]:
    """Return a function that starts a mirror; mirrors are stopped after the test."""
    with ExitStack() as stack:
        yield lambda respond: stack.enter_context(run_mirror(respond))


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Connect to local mirrors directly, whatever the environment says."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


def unreachable_url() -> str:
    """Return the URL of a mirror that is not running."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"http://127.0.0.1:{server.getsockname()[1]}/"


def download_small(folder: Path, *mirrors: str, files: Mapping[str, RemoteFile] = FILES) -> dict[str, Path]:
    return download(folder, files=files, mirrors=mirrors, timeout=0.3)


def check_complete(folder: Path, paths: dict[str, Path]) -> None:
    """Assert that the folder holds all files, unchanged, and nothing else."""
    assert paths == {name: folder / name for name in FILES}
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == CONTENT


def test_files_are_downloaded_once(mirror: StartMirror, tmp_path: Path) -> None:
    working = mirror(respond_correctly)
    folder = tmp_path / "cache" / "mnist"
    check_complete(folder, download_small(folder, working.url))
    check_complete(folder, download_small(folder, working.url))
    check_complete(folder, download_small(folder, unreachable_url()))
    assert working.requested == list(FILES)


@pytest.mark.parametrize(
    "respond", [respond_corrupted, respond_truncated, respond_stalling, respond_silent, respond_not_found]
)
def test_after_a_failing_mirror_the_next_is_tried(respond: Respond, mirror: StartMirror, tmp_path: Path) -> None:
    failing, working = mirror(respond), mirror(respond_correctly)
    check_complete(tmp_path, download_small(tmp_path, failing.url, working.url))
    assert failing.requested == ["images.gz"]  # once: the second file is requested from the other mirror first
    assert working.requested == list(FILES)


def test_after_an_unreachable_mirror_the_next_is_tried(mirror: StartMirror, tmp_path: Path) -> None:
    check_complete(tmp_path, download_small(tmp_path, unreachable_url(), mirror(respond_correctly).url))


def test_files_can_come_from_different_mirrors(mirror: StartMirror, tmp_path: Path) -> None:
    def only(name: str) -> Respond:
        return lambda handler, body, over: (respond_correctly if body == CONTENT[name] else respond_not_found)(
            handler, body, over
        )

    labels, images = mirror(only("labels.gz")), mirror(only("images.gz"))
    check_complete(tmp_path, download_small(tmp_path, labels.url, images.url))


def test_without_a_working_mirror_one_error_says_what_to_do(mirror: StartMirror, tmp_path: Path) -> None:
    unreachable, bad, stuck = unreachable_url(), mirror(respond_corrupted).url, mirror(respond_stalling).url
    with pytest.raises(DatasetError) as caught:
        download_small(tmp_path / "cache", unreachable, bad, stuck)
    message = str(caught.value)
    assert all(f"{url}images.gz: " in message for url in (unreachable, bad, stuck))
    assert "Try again with a network connection" in message
    assert "--mnist-root" in message
    assert MNIST_ROOT_VARIABLE in message
    assert len(message.splitlines()) == 5
    assert "Connection refused" in message
    assert "does not match the known hash" in message
    assert "Read timed out" in message
    assert "ConnectionPool" not in message
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_folder_that_cannot_be_written_to_is_an_error(mirror: StartMirror, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")
    with pytest.raises(DatasetError, match=r"(Not a directory|File exists): .*cache"):
        download_small(tmp_path / "cache", mirror(respond_correctly).url)


def test_complete_files_are_kept_after_a_failed_download(mirror: StartMirror, tmp_path: Path) -> None:
    def first_only(handler: BaseHTTPRequestHandler, body: bytes, over: threading.Event) -> None:
        (respond_correctly if body == CONTENT["images.gz"] else respond_truncated)(handler, body, over)

    with pytest.raises(DatasetError, match=r"labels\.gz"):
        download_small(tmp_path, mirror(first_only).url)
    assert [file.name for file in tmp_path.iterdir()] == ["images.gz"]
    working = mirror(respond_correctly)
    check_complete(tmp_path, download_small(tmp_path, working.url))
    assert working.requested == ["labels.gz"]


def test_an_interrupted_download_leaves_nothing(mirror: StartMirror, tmp_path: Path) -> None:
    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        download(tmp_path, files=FILES, mirrors=[mirror(respond_correctly).url], progress=interrupt)
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_file_in_the_cache_is_replaced(mirror: StartMirror, tmp_path: Path) -> None:
    (tmp_path / "images.gz").write_bytes(b"half of the file")
    check_complete(tmp_path, download_small(tmp_path, mirror(respond_correctly).url))


def test_progress_increases_to_the_total(mirror: StartMirror, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    download(
        tmp_path,
        files=FILES,
        mirrors=[mirror(respond_correctly).url],
        progress=lambda done, total: seen.append((done, total)),
    )
    assert {total for _, total in seen} == {TOTAL}
    done = [done for done, _ in seen]
    assert done == sorted(done)
    assert done[-1] == TOTAL


def test_pooch_prints_nothing(mirror: StartMirror, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    before = pooch.get_logger().level
    download_small(tmp_path, mirror(respond_correctly).url)
    assert capfd.readouterr() == ("", "")
    assert pooch.get_logger().level == before != logging.WARNING


def test_there_are_two_mirrors_and_four_files() -> None:
    assert len(MIRRORS) >= 2
    assert all(url.startswith("https://") and url.endswith("/") for url in MIRRORS)
    assert len(MNIST_FILES) == 4


def test_the_hashes_match_the_well_known_ones(real_mnist: Path) -> None:
    md5 = {
        "train-images-idx3-ubyte.gz": "f68b3c2dcbeaaa9fbdd348bbdeb94873",
        "train-labels-idx1-ubyte.gz": "d53e105ee54ea40749a09fcbcd1e9432",
        "t10k-images-idx3-ubyte.gz": "9fb629c4189551a2d022fa330f9573f3",
        "t10k-labels-idx1-ubyte.gz": "ec29112dd5afa0611ce80d1b7f02629c",
    }
    for name, file in MNIST_FILES.items():
        if not (real_mnist / name).is_file():
            pytest.skip(f"{real_mnist} holds {name} uncompressed")
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


def test_missing_files_in_a_folder_are_named(tmp_path: Path) -> None:
    for name in list(MNIST_FILES)[:3]:
        (tmp_path / name.removesuffix(".gz")).touch()
    with pytest.raises(DatasetError, match=r"four IDX files, gzipped or not; missing: t10k-labels-idx1-ubyte\.gz\."):
        find_mnist(tmp_path)


@pytest.mark.parametrize("value", [None, ""])
def test_without_a_folder_files_are_downloaded_to_the_users_cache(
    value: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pooch, "os_cache", lambda name: tmp_path / name)
    monkeypatch.setattr(mnist_files, "download", lambda folder, progress: {"folder": folder})
    if value is None:
        monkeypatch.delenv(MNIST_ROOT_VARIABLE, raising=False)
    else:
        monkeypatch.setenv(MNIST_ROOT_VARIABLE, value)
    assert find_mnist() == {"folder": tmp_path / "drumhead" / "mnist"}
