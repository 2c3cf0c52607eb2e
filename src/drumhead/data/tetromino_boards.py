"""Drawing tetromino boards: what a piece is, where it may go, how it is painted.

A board is drawn so. How many pieces, n, is uniform between two bounds. The five pieces, repeated until there
are more than n, are shuffled, and the first n are placed: a piece repeats only where n is 5 or more. Each is
turned by 0 to 3 quarter turns; those that differ from their mirror image are mirrored half of the time; each
cell becomes a square of pixels of the piece's random colour, with a frame of another shade; and the piece
goes to a place drawn uniformly among those where its bounding box overlaps no other piece. The last row and
the last column of the board stay empty, as in the published set.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]
Place = tuple[int, int]
FindPosition = Callable[[Bytes, Place], "Place | None"]

MAX_RESTARTS = 1000


class Piece(NamedTuple):
    """One tetromino: its class, its cells, and whether half of its drawings are mirrored."""

    label: int
    cells: tuple[tuple[int, ...], ...]
    mirrored: bool = False


PIECES = (
    Piece(1, ((1, 1, 1, 1),)),
    Piece(2, ((1, 1), (1, 1))),
    Piece(3, ((0, 1, 0), (1, 1, 1))),
    Piece(4, ((0, 1, 1), (1, 1, 0)), mirrored=True),
    Piece(5, ((1, 0, 0), (1, 1, 1)), mirrored=True),
)


class _Stream(Protocol):
    """What the recipe needs of a random stream; numpy's old and new generators both have it."""

    def random(self) -> float: ...
    def shuffle(self, x: list[Piece]) -> None: ...


def draw_boards(
    generator: np.random.Generator,
    count: int,
    *,
    canvas: int,
    cell: int,
    min_pieces: int,
    max_pieces: int,
    on_board: Callable[[], None] | None = None,
) -> tuple[Bytes, Bytes]:
    """Draw boards from a generator.

    Places are drawn among all that are free, found exactly. A board on which no place is left for its next
    piece starts again with the same number of pieces, at most 1000 times.

    Returns:
        Images (count, canvas, canvas, 3) and masks (count, canvas, canvas), uint8.

    Raises:
        ValueError: no board with the number of pieces drawn was found.

    Example:
        >>> generator = np.random.default_rng(0)
        >>> images, masks = draw_boards(generator, 3, canvas=48, cell=5, min_pieces=2, max_pieces=2)
        >>> [int((mask > 0).sum()) // (4 * 5 * 5) for mask in masks]
        [2, 2, 2]
    """

    def find(mask: Bytes, box: Place) -> Place | None:
        free = np.flatnonzero(free_positions(mask, box))
        if free.size == 0:
            return None
        row, column = divmod(int(free[generator.integers(free.size)]), canvas - box[1])
        return row, column

    images, masks = _empty_boards(count, canvas)
    for image, mask in zip(images, masks, strict=True):
        pieces = int(generator.integers(min_pieces, max_pieces + 1))
        for _ in range(MAX_RESTARTS):
            if _fill_board(image, mask, generator, generator.integers, find, pieces=pieces, cell=cell):
                break
            image[...], mask[...] = 0, 0
        else:
            raise ValueError(
                f"no board of {pieces} pieces was found in {MAX_RESTARTS} tries on a canvas of "
                f"{canvas} pixels with cells of {cell}: use fewer pieces, smaller cells or a larger canvas"
            )
        if on_board is not None:
            on_board()
    return images, masks


def free_positions(mask: Bytes, box: Place) -> npt.NDArray[np.bool_]:
    """Where a box of (rows, columns) may have its top left corner, for its pixels all to be 0 in the mask.

    Returns:
        (height - rows, width - columns) booleans: the mask's last row and last column are never used.

    Example:
        >>> mask = np.array([[0, 0, 0], [0, 0, 1], [0, 0, 0]], dtype=np.uint8)
        >>> free_positions(mask, (1, 1)).tolist()
        [[True, True], [True, True]]
        >>> free_positions(mask, (2, 2)).tolist()
        [[True]]
    """
    rows, columns = box
    # Pixels in use above and to the left of each corner; four corners give the number in a box.
    used = np.pad((mask != 0).cumsum(axis=0, dtype=np.int64).cumsum(axis=1), ((1, 0), (1, 0)))
    inside = used[rows:, columns:] - used[:-rows, columns:] - used[rows:, :-columns] + used[:-rows, :-columns]
    return np.asarray(inside[:-1, :-1] == 0)


def draw_published_boards(
    stream: np.random.RandomState, count: int, on_board: Callable[[], None] | None
) -> tuple[Bytes, Bytes]:
    """The next boards of the published stream: the order and kind of each draw is part of the recipe."""
    canvas, cell = 64, 7

    def find(mask: Bytes, box: Place) -> Place:
        # Endless in principle; with the one seed this is used with, it is known to end.
        while True:
            row, column = stream.randint(0, canvas - box[0]), stream.randint(0, canvas - box[1])
            if not mask[row : row + box[0], column : column + box[1]].any():
                return row, column

    images, masks = _empty_boards(count, canvas)
    for image, mask in zip(images, masks, strict=True):
        pieces = stream.randint(1, 6)
        _fill_board(image, mask, stream, stream.randint, find, pieces=pieces, cell=cell)
        if on_board is not None:
            on_board()
    return images, masks


def _empty_boards(count: int, canvas: int) -> tuple[Bytes, Bytes]:
    return np.zeros((count, canvas, canvas, 3), np.uint8), np.zeros((count, canvas, canvas), np.uint8)


def _fill_board(
    image: Bytes,
    mask: Bytes,
    stream: _Stream,
    integers: Callable[..., Any],
    find: FindPosition,
    *,
    pieces: int,
    cell: int,
) -> bool:
    """Draw pieces onto an empty board; False if one found no place."""
    bag = list(PIECES) * (pieces // len(PIECES) + 1)
    stream.shuffle(bag)
    for piece in bag[:pieces]:
        cells = np.rot90(np.array(piece.cells, np.uint8), integers(0, 4))
        if piece.mirrored and stream.random() < 0.5:
            cells = np.fliplr(cells)
        colour = integers(0, 256, size=3, dtype=np.uint8)
        rows, columns = cells.shape[0] * cell, cells.shape[1] * cell
        place = find(mask, (rows, columns))
        if place is None:
            return False
        box = np.s_[place[0] : place[0] + rows, place[1] : place[1] + columns]
        _paint(image[box], mask[box], cells, colour, label=piece.label, cell=cell)
    return True


def _paint(image: Bytes, mask: Bytes, cells: Bytes, colour: Bytes, *, label: int, cell: int) -> None:
    """Paint a piece over its empty bounding box: its colour, and a brighter frame round each cell."""
    square = np.full((cell, cell), 2, np.uint8)
    square[1:-1, 1:-1] = 1
    shades = np.kron(cells, square)  # 0 outside the piece, 1 inside a cell, 2 on its frame
    # uint8 wraps round at 256: the frame of a bright piece can be darker than the piece.
    image[...] = np.stack([np.zeros_like(colour), colour, colour + colour // 2])[shades]
    mask[...] = np.where(shades > 0, label, 0)
