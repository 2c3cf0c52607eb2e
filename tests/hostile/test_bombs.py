"""Small files that claim to hold much (memory, time, depth) are refused as such, and little is spent on them."""

from __future__ import annotations

import gzip
import io
import json
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from tests.hostile.guard import deadline, little_memory, refused
from tests.hostile.payloads import saved
from tests.hostile.world import OPENED_BY

from drumhead.data import DatasetError, read_image
from drumhead.file_formats.untrusted_images import open_untrusted_image
from drumhead.pickles import PickleError, read_pickle
from drumhead.report.page.page_movies import frame_size, stored_movie
from drumhead.runs import Run, RunError

GIGABYTES = 2**37


@pytest.fixture(autouse=True)
def spent() -> Iterator[None]:
    """Limit the memory and time of each test."""
    with little_memory(), deadline(10):
        yield


def png(width: int, height: int, *, extra: bytes = b"") -> bytes:
    """A PNG file of a few bytes whose header declares this size."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">2I5B", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + extra
        + chunk(b"IDAT", zlib.compress(bytes(100)))
        + chunk(b"IEND", b"")
    )


def text_chunk(size: int) -> bytes:
    """A compressed text chunk of a PNG, with this many zeros."""
    content = b"note\0\0" + zlib.compress(bytes(size), 9)
    return struct.pack(">I", len(content)) + b"zTXt" + content + struct.pack(">I", zlib.crc32(b"zTXt" + content))


def array(shape: str, kind: str = "|u1") -> bytes:
    """A NumPy file of a few bytes whose header declares this shape and dtype."""
    return npy(f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}}}\n")


def npy(header: str, content: bytes = bytes(16)) -> bytes:
    """A NumPy file with this header."""
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + content


def safetensors(header: object, content: bytes = bytes(16), *, size: int | None = None) -> bytes:
    """A safetensors file with this header, whose declared size may be wrong."""
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text) if size is None else size) + text + content


def nested(opening: str, closing: str, depth: int) -> bytes:
    return (opening * depth + closing * depth).encode()


def yaml_lists(levels: int) -> bytes:
    """A billion laughs: each list is nine times the one before."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, levels)]
    return "\n".join([*lines, f"params: {{seed: *a{levels - 1}}}"]).encode()


def yaml_merges(levels: int) -> bytes:
    """The same with merged mappings, which are copied at once."""
    lines = ["a0: &a0 {x: 1}"]
    lines += [f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}" for n in range(1, levels)]
    return "\n".join([*lines, f"params: *a{levels - 1}"]).encode()


def idx(*sizes: int, content: bytes = b"") -> bytes:
    return struct.pack(f">{1 + len(sizes)}I", 0x800 + len(sizes), *sizes) + content


def gzip_bomb() -> bytes:
    """The digits that the header declares, then zeros: a hundred times the size of the compressed file."""
    return gzip.compress(idx(6, 28, 28, content=bytes(100_000_000)), 1)


def terabytes() -> dict[str, object]:
    """A safetensors header with a tensor that the file does not contain."""
    return {"dtype": "F32", "shape": [2**40], "data_offsets": [0, 2**42]}


def zip_bomb() -> bytes:
    """A checkpoint like torch's, but compressed to a thousandth of its size."""
    packed = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(saved({"weight": torch.zeros(2**22)}))) as whole,
        zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        for entry in whole.infolist():
            archive.writestr(entry.filename, whole.read(entry))
    assert len(packed.getvalue()) < 2**24 // 500
    return packed.getvalue()


def long_storage() -> bytes:
    """An old checkpoint whose tensor refers to a storage that the file does not contain."""
    content = saved({"weight": torch.zeros(77)}, _use_new_zipfile_serialization=False)
    assert content.count(b"K\x4d") >= 1
    return content.replace(b"K\x4d", b"\x8a\x05" + GIGABYTES.to_bytes(5, "little"))


DEEP = 200_000
BOMBS: list[tuple[str, str, Callable[[], bytes], str]] = [
    ("data/manifest.json", "deep", lambda: nested("[", "]", DEEP), "nested too deep"),
    ("data/manifest.json", "deep mapping", lambda: nested('{"a":', "}", DEEP), "damaged manifest"),
    ("data/train_images.npy", "shape", lambda: array("(4, 200000, 200000, 3)"), ""),
    ("data/train_images.npy", "item", lambda: array("(4,)", "|V99999999999"), ""),
    ("arrays/train_images.npy", "negative", lambda: array("(-1, 9, 9)"), ""),
    ("arrays/train_images.npy", "axes", lambda: array(f"({'1, ' * 99})"), ""),
    ("arrays/train_images.npy", "deep header", lambda: npy("(" * 9000), ""),
    ("arrays/train_images.npy", "long header", lambda: npy("{" + " " * 60000 + "}"), ""),
    ("arrays/train_images.npy", "zeros", lambda: array("(99999999999, 0, 9)"), ""),
    ("array.npy", "shape", lambda: array("(999999, 999999, 3)", "<f8"), ""),
    ("pairs/train/images/0.png", "pixels", lambda: png(60_000, 60_000), "pixels"),
    ("pairs/train/images/0.png", "some pixels", lambda: png(10_000, 10_000), "pixels"),
    ("picture.png", "pixels", lambda: png(2**31 - 1, 2**31 - 1), "pixels"),
    ("picture.png", "text", lambda: png(24, 24, extra=text_chunk(100_000_000)), ""),
    ("mnist/train-images-idx3-ubyte", "sizes", lambda: idx(2**32 - 1, 2**32 - 1, 2**32 - 1), "more than"),
    ("mnist/train-images-idx3-ubyte", "size", lambda: idx(1000, 1000, 1000), "got 0"),
    ("mnist/t10k-images-idx3-ubyte.gz", "gzip", gzip_bomb, "or more"),
    ("run/config.json", "deep", lambda: nested("[", "]", DEEP), ""),
    ("run/scores.json", "deep", lambda: nested('{"a":', "}", DEEP), ""),
    ("diverged/diverged.json", "deep", lambda: nested("[", "]", DEEP), "nested too deep"),
    ("run/metrics.csv", "long field", lambda: b"epoch,seconds,train_loss,val_loss\n" + b"1" * 10**6 + b",1,1,1\n", ""),
    ("run/metrics.csv", "many fields", lambda: b"epoch,seconds,train_loss,val_loss\n" + b"1," * 10**5 + b"1\n", ""),
    ("results.csv", "long field", lambda: b"x" * 10**6 + b"\n", ""),
    ("run/model.safetensors", "header", lambda: safetensors({}, size=2**62), ""),
    ("run/model.safetensors", "shape", lambda: safetensors({"a": terabytes()}), ""),
    ("run/model.safetensors", "deep", lambda: struct.pack("<Q", 2 * DEEP) + nested("[", "]", DEEP), ""),
    ("going/last.ckpt", "zip", zip_bomb, ""),
    ("going/last.ckpt", "storage", long_storage, ""),
    ("theirs/cp.pt", "zip", zip_bomb, ""),
    ("theirs/cp.pt", "storage", long_storage, ""),
    ("theirs/.hydra/config.yaml", "lists", lambda: yaml_lists(40), "alias"),
    ("theirs/.hydra/config.yaml", "merges", lambda: yaml_merges(12), "alias"),
    ("lab/experiment.yaml", "lists", lambda: yaml_lists(40), "alias"),
    ("lab/experiment.yaml", "deep", lambda: nested("[", "]", 5_000), "plain YAML"),
    ("theirs/.hydra/config.yaml", "deep", lambda: nested("[", "]", 5_000), "plain YAML"),
    ("theirs/.hydra/config.yaml", "deep keys", lambda: b"? " * 5_000, "plain YAML"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("place", "make", "message"),
    [(place, make, message) for place, _, make, message in BOMBS],
    ids=[f"{place}-{kind}" for place, kind, _, _ in BOMBS],
)
def test_a_file_that_asks_for_too_much_is_refused(
    place: str, make: Callable[[], bytes], message: str, world: Path
) -> None:
    (world / place).write_bytes(make())
    error = refused(OPENED_BY[place], Path(place).name)
    assert message in error
    assert len(error) < 10_000


@pytest.mark.parametrize(
    "model",
    [
        {"hidden_channels": 10**9},
        {"width": 4000, "hidden_channels": 4000},
        {"pixel_widths": [4096] * 60},
        {"pixel_widths": [1] * 10_000},
        {"steps": 10**18},
        {"name": "cnn", "layers": 10**9},
        {"name": "unet", "width": 4096},
    ],
    ids=str,
)
def test_a_run_cannot_ask_for_a_model_without_end(model: dict[str, object], world: Path) -> None:
    path = world / "run" / "config.json"
    config = json.loads(path.read_text())
    config.pop("sha256", None)
    config["experiment"]["model"] = {"name": "nwm", **model}
    path.write_text(json.dumps(config))
    with pytest.raises(RunError, match="must"):
        Run.open(path.parent).new_model()
    refused(["predict", "run", "picture.png", "--out", "masks"], "must")


def test_a_published_folder_cannot_ask_for_a_model_without_end(world: Path) -> None:
    path = world / "theirs" / ".hydra" / "config.yaml"
    text = path.read_text()
    for number in (3000, 10**9, 10**400):
        path.write_text(text.replace("hidden_channels: 2", f"hidden_channels: {number}"))
        refused(["import", "theirs", "--out", "new"])
    path.write_text(text.replace("seed: 2203", "seed: !!int ''"))
    refused(["import", "theirs", "--out", "new"], "plain YAML")


def test_compressed_pickles_are_no_pickles_of_torch(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(zip_bomb())
    assert torch.load(tmp_path / "file", weights_only=True)["weight"].numel() == 2**22  # torch would unpack it
    with pytest.raises(PickleError):
        read_pickle(tmp_path / "file")


POSTSCRIPT = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 24 24\n%%EndComments\n(%pipe%touch marker) (w) file\n"


@pytest.mark.parametrize("place", ["pairs/train/images/0.png", "picture.png"])
def test_no_picture_is_run_as_a_program(place: str, world: Path) -> None:
    (world / place).write_bytes(POSTSCRIPT)
    with Image.open(world / place) as picture:
        assert picture.format == "EPS"  # which Pillow gives to Ghostscript when it is asked for the pixels
    refused(OPENED_BY[place], Path(place).name)


@pytest.mark.parametrize("kind", ["BMP", "TIFF", "GIF", "WEBP", "PPM"])
def test_pictures_are_of_the_formats_they_are_said_to_be(kind: str, tmp_path: Path) -> None:
    file = tmp_path / "picture.png"
    Image.fromarray(np.zeros((9, 9, 3), np.uint8)).save(file, kind)
    with pytest.raises(DatasetError, match=r"picture\.png: must be a readable PNG or JPEG file"):
        read_image(file, channels=3)
    with open_untrusted_image(file, kind) as picture:
        assert picture.size == (9, 9)


PLAYLIST = b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nhttp://127.0.0.1:9/secret.ts\n#EXT-X-ENDLIST\n"


# imageio-ffmpeg leaves a pipe open where ffmpeg fails.
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("name", ["a.gif", "a.mp4"])
@pytest.mark.parametrize(
    "content", [b"", b"GIF89a", PLAYLIST, POSTSCRIPT, bytes(1000)], ids=["none", "cut", "playlist", "program", "zeros"]
)
def test_movies_in_a_run_folder_are_opened_as_movies_alone(name: str, content: bytes, world: Path) -> None:
    if name == "a.mp4":
        pytest.importorskip("imageio_ffmpeg")
    (world / "run" / "movies").mkdir()
    (world / "run" / "movies" / name).write_bytes(content)
    found = stored_movie(Run.open(world / "run"))
    assert found is not None
    with pytest.raises(ValueError, match=name.replace(".", r"\.")):
        frame_size(found)


def test_movies_that_are_links_are_not_shown(world: Path, outside: Path) -> None:
    (world / "run" / "movies").mkdir()
    (world / "run" / "movies" / "a.gif").symlink_to(outside / "precious")
    assert stored_movie(Run.open(world / "run")) is None
