from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from drumhead.data import (
    DATASETS,
    TETROMINO_CLASSES,
    Split,
    TetrominoConfig,
    draw_boards,
    find_reference_dataset,
    make_tetrominoes,
    tetromino_boards,
    write_dataset,
)
from drumhead.data.manifest import array_sha256
from drumhead.data.tetromino_boards import PIECES, draw_published_boards, free_positions
from drumhead.data.tetrominoes import PUBLISHED_TETROMINOES
from drumhead.scores import background_scores


@pytest.fixture(scope="module")
def published() -> dict[str, Split]:
    return make_tetrominoes(TetrominoConfig())


def own_config(**changes: Any) -> TetrominoConfig:
    return TetrominoConfig.model_validate({"seed": 3, "train": 6, "val": 4, "test": 5, **changes})


@pytest.mark.parametrize("split", ["train", "val", "test"])
def test_published_fingerprints(published: dict[str, Split], split: str) -> None:
    assert array_sha256(published[split].images) == PUBLISHED_TETROMINOES.splits[split].images_sha256
    assert array_sha256(published[split].masks) == PUBLISHED_TETROMINOES.splits[split].masks_sha256


def test_published_fingerprints_belong_to_uint8_masks(published: dict[str, Split]) -> None:
    masks = published["test"].masks
    int64 = "de310464f53009b7814d194bc67738f5132a4b3afa3332c74a9298a9ba5e9dfe"
    assert masks.dtype == np.uint8
    assert array_sha256(masks.astype(np.int64)) == int64


def test_all_background_scores_on_the_published_test_split(published: dict[str, Split]) -> None:
    scores = background_scores(published["test"].masks, TETROMINO_CLASSES)
    assert scores.acc == 0.855583984375
    assert scores.iou == pytest.approx(0.7537647857666016, rel=2**-24)  # the mean was computed in float32


def test_only_the_published_set_is_recognised_on_disk(published: dict[str, Split], tmp_path: Path) -> None:
    dataset = write_dataset(tmp_path / "published", published, name="tetrominoes", class_names=TETROMINO_CLASSES)
    assert find_reference_dataset(dataset) is DATASETS["tetrominoes"].reference
    masks = published["val"].masks.copy()
    masks[0, 63, 63] = 1
    other = {**published, "val": Split(published["val"].images, masks)}
    dataset = write_dataset(tmp_path / "other", other, name="tetrominoes", class_names=TETROMINO_CLASSES)
    assert find_reference_dataset(dataset) is None


def test_published_and_seeded_boards_have_the_same_statistics(published: dict[str, Split]) -> None:
    _, masks = draw_boards(np.random.default_rng(0), 1000, canvas=64, cell=7, min_pieces=1, max_pieces=5)
    pieces_seeded = (masks > 0).sum(axis=(1, 2)) // (4 * 49)
    pieces_published = (published["train"].masks > 0).sum(axis=(1, 2)) // (4 * 49)
    # 1000 draws: the fraction of each number of pieces has a standard error of 0.013.
    for number in range(1, 6):
        assert abs((pieces_seeded == number).mean() - (pieces_published == number).mean()) < 0.06
    # Foreground by row: the same positions are used; the last row and column never are.
    profile = (masks > 0).mean(axis=(0, 2)) - (published["train"].masks > 0).mean(axis=(0, 2))
    assert np.abs(profile).max() < 0.03
    assert not masks[:, -1].any()
    assert not masks[:, :, -1].any()


@pytest.mark.parametrize(("canvas", "cell", "pieces"), [(64, 7, 5), (40, 3, 9), (9, 2, 1), (30, 1, 12), (6, 1, 2)])
def test_pieces_never_overlap(canvas: int, cell: int, pieces: int) -> None:
    images, masks = draw_boards(
        np.random.default_rng(1), 20, canvas=canvas, cell=cell, min_pieces=pieces, max_pieces=pieces
    )
    assert images.shape == (20, canvas, canvas, 3)
    assert images.dtype == masks.dtype == np.uint8
    assert masks.max() <= 5
    assert ((masks > 0).sum(axis=(1, 2)) == pieces * 4 * cell * cell).all()
    assert not images[masks == 0].any()


def test_a_piece_repeats_only_if_there_are_five_or_more() -> None:
    _, masks = draw_boards(np.random.default_rng(2), 200, canvas=64, cell=5, min_pieces=1, max_pieces=5)
    area = 4 * 5 * 5
    for mask in masks:
        copies = np.bincount(mask.ravel(), minlength=6)[1:] // area
        assert copies.sum() == 5 or copies.max() == 1


def test_all_orientations_occur_and_only_chiral_pieces_are_mirrored() -> None:
    _, masks = draw_boards(np.random.default_rng(3), 600, canvas=5, cell=1, min_pieces=1, max_pieces=1)
    shapes_by_label: dict[int, set[bytes]] = {piece.label: set() for piece in PIECES}
    for mask in masks:
        rows, columns = np.nonzero(mask)
        box = mask[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
        shapes_by_label[int(mask.max())].add(bytes([len(box)]) + box.tobytes())
    # Distinct rotations: 2 for I; 1 for O; 4 for T; 2 each for S and Z; 4 each for J and L.
    assert {label: len(shapes) for label, shapes in shapes_by_label.items()} == {1: 2, 2: 1, 3: 4, 4: 4, 5: 8}


def test_each_cell_has_a_frame_in_wrapping_arithmetic() -> None:
    images, masks = draw_boards(np.random.default_rng(4), 50, canvas=30, cell=5, min_pieces=1, max_pieces=1)
    wrapped = 0
    for image, mask in zip(images, masks, strict=True):
        rows, columns = np.nonzero(mask)
        top, left = rows.min(), columns[rows == rows.min()].min()
        cell = image[top : top + 5, left : left + 5].astype(int)
        colour = cell[2, 2]
        frame = (colour + colour // 2) % 256
        wrapped += int((colour + colour // 2 > 255).any())
        expected = np.broadcast_to(frame, (5, 5, 3)).copy()
        expected[1:-1, 1:-1] = colour
        np.testing.assert_array_equal(cell, expected)
    assert wrapped > 0


@pytest.mark.parametrize("box", [(1, 1), (2, 3), (4, 1), (8, 8)])
def test_free_positions_against_a_direct_search(box: tuple[int, int]) -> None:
    rows, columns = box
    mask = (np.random.default_rng(5).random((9, 12)) < 0.15).astype(np.uint8) * 5
    expected = [[not mask[y : y + rows, x : x + columns].any() for x in range(12 - columns)] for y in range(9 - rows)]
    np.testing.assert_array_equal(free_positions(mask, box), expected)


def test_a_crowded_board_is_restarted(monkeypatch: pytest.MonkeyPatch) -> None:
    def draw() -> np.ndarray[Any, Any]:
        generator = np.random.default_rng(6)
        return draw_boards(generator, 30, canvas=6, cell=1, min_pieces=3, max_pieces=3)[1]

    assert ((draw() > 0).sum(axis=(1, 2)) == 12).all()
    monkeypatch.setattr(tetromino_boards, "MAX_RESTARTS", 1)
    with pytest.raises(ValueError, match="no board of 3 pieces was found in 1 tries"):
        draw()


def test_an_impossible_board_is_an_error_with_a_fix() -> None:
    with pytest.raises(ValueError, match=r"no board of 9 pieces .* canvas of 9 pixels .*use fewer pieces"):
        draw_boards(np.random.default_rng(0), 1, canvas=9, cell=2, min_pieces=9, max_pieces=9)


def test_the_seed_determines_the_dataset() -> None:
    first, again, other = (make_tetrominoes(own_config(seed=seed)) for seed in (3, 3, 4))
    for name in first:
        np.testing.assert_array_equal(first[name].images, again[name].images)
        np.testing.assert_array_equal(first[name].masks, again[name].masks)
        assert (first[name].masks != other[name].masks).any()
    assert (first["train"].masks[:4] != first["val"].masks).any()
    assert (first["val"].masks != first["test"].masks[:4]).any()


def test_the_size_of_one_split_does_not_affect_others() -> None:
    small, large = make_tetrominoes(own_config(train=2)), make_tetrominoes(own_config())
    np.testing.assert_array_equal(small["train"].images, large["train"].images[:2])
    np.testing.assert_array_equal(small["test"].images, large["test"].images)


def test_progress_counts_every_board() -> None:
    seen: list[tuple[int, int]] = []
    make_tetrominoes(own_config(), progress=lambda done, total: seen.append((done, total)))
    assert seen == [(done, 15) for done in range(1, 16)]


def test_global_random_state_is_unchanged() -> None:
    torch_before, numpy_before = torch.get_rng_state(), pickle.dumps(np.random.get_state())  # noqa: NPY002
    make_tetrominoes(own_config())
    draw_published_boards(np.random.RandomState(0), 3, on_board=None)
    assert torch.equal(torch.get_rng_state(), torch_before)
    assert pickle.dumps(np.random.get_state()) == numpy_before  # noqa: NPY002


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"canvas": 28}, "at least 29.*got 28"),
        ({"min_pieces": 3, "max_pieces": 2}, "got 3 and 2"),
        ({"seed": "published", "val": 1000, "test": 1000}, "train differ.*give a seed"),
        ({"seed": -1}, "greater than or equal to 0"),
        ({"train": 0}, "greater than or equal to 1"),
        ({"cells": 7}, "Extra inputs"),
    ],
)
def test_invalid_configurations(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        own_config(**changes)
