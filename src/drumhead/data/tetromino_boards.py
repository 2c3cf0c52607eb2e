"""Drawing tetromino boards: the pieces, their placement and rendering.

A board is drawn as follows. The number of pieces, n, is uniform between two bounds. The five pieces, repeated until
there are more than n, are shuffled, and the first n are placed: a piece repeats only if n is 5 or more. Each piece is
rotated by 0 to 3 quarter turns; pieces that differ from their mirror image are mirrored half of the time; each cell
becomes a square of pixels of the piece's random colour, with a frame of another shade; and the piece is put at a
position drawn uniformly among those where its bounding box overlaps no other piece. The last row and the last column
of the board stay empty, as in the published set.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

ByteArray = npt.NDArray[np.uint8]
Position = tuple[int, int]
"""Row and column of a box's top left corner."""
BoxSize = tuple[int, int]
"""Number of rows and columns of a box."""
FindPosition = Callable[[ByteArray, BoxSize], "Position | None"]
"""Draws a free position for a box on a mask; None if there is none."""

MAX_RESTARTS = 1000
"""Number of attempts to fill a board before an error is raised."""


class Piece(NamedTuple):
    """A tetromino: its class, its cells, and whether it is mirrored half of the time."""

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


class _RandomStream(Protocol):
    """The methods that the recipe needs of a random stream; NumPy's old and new generators both have them."""

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
) -> tuple[ByteArray, ByteArray]:
    """Draw boards from a generator.

    Each position is drawn from the exact set of free positions. If none is left for the next piece, the board is
    restarted with the same number of pieces; it is attempted at most 1000 times.

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

    def find_position(mask: ByteArray, box: BoxSize) -> Position | None:
        free = np.flatnonzero(free_positions(mask, box))
        if free.size == 0:
            return None
        row, column = divmod(int(free[generator.integers(free.size)]), canvas - box[1])
        return row, column

    images, masks = _empty_boards(count, canvas)
    for image, mask in zip(images, masks, strict=True):
        pieces = int(generator.integers(min_pieces, max_pieces + 1))
        for _ in range(MAX_RESTARTS):
            if _fill_board(image, mask, generator, generator.integers, find_position, pieces=pieces, cell=cell):
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


def free_positions(mask: ByteArray, box: BoxSize) -> npt.NDArray[np.bool_]:
    """Return at which positions all pixels of a box of (rows, columns) are 0 in the mask.

    Returns:
        (height - rows, width - columns) booleans, one for each position of the box's top left corner; the mask's last
        row and last column are never used.

    Example:
        >>> mask = np.array([[0, 0, 0], [0, 0, 1], [0, 0, 0]], dtype=np.uint8)
        >>> free_positions(mask, (1, 1)).tolist()
        [[True, True], [True, True]]
        >>> free_positions(mask, (2, 2)).tolist()
        [[True]]
    """
    rows, columns = box
    # A summed-area table: the values at four corners give the number of used pixels in a box.
    used = np.pad((mask != 0).cumsum(axis=0, dtype=np.int64).cumsum(axis=1), ((1, 0), (1, 0)))
    used_in_box = used[rows:, columns:] - used[:-rows, columns:] - used[rows:, :-columns] + used[:-rows, :-columns]
    return np.asarray(used_in_box[:-1, :-1] == 0)


def draw_published_boards(
    stream: np.random.RandomState, count: int, on_board: Callable[[], None] | None
) -> tuple[ByteArray, ByteArray]:
    """Draw the next boards of the published stream; the order and kind of each draw is part of the recipe."""
    canvas, cell = 64, 7

    def find_position(mask: ByteArray, box: BoxSize) -> Position:
        # This could loop for ever in principle, but ends for the one seed that is used.
        while True:
            row, column = stream.randint(0, canvas - box[0]), stream.randint(0, canvas - box[1])
            if not mask[row : row + box[0], column : column + box[1]].any():
                return row, column

    images, masks = _empty_boards(count, canvas)
    for image, mask in zip(images, masks, strict=True):
        pieces = stream.randint(1, 6)
        _fill_board(image, mask, stream, stream.randint, find_position, pieces=pieces, cell=cell)
        if on_board is not None:
            on_board()
    return images, masks


def _empty_boards(count: int, canvas: int) -> tuple[ByteArray, ByteArray]:
    return np.zeros((count, canvas, canvas, 3), np.uint8), np.zeros((count, canvas, canvas), np.uint8)


def _fill_board(
    image: ByteArray,
    mask: ByteArray,
    stream: _RandomStream,
    integers: Callable[..., Any],
    find_position: FindPosition,
    *,
    pieces: int,
    cell: int,
) -> bool:
    """Draw pieces onto an empty board; return False if there is no free position for one of them."""
    bag = list(PIECES) * (pieces // len(PIECES) + 1)
    stream.shuffle(bag)
    for piece in bag[:pieces]:
        cells = np.rot90(np.array(piece.cells, np.uint8), integers(0, 4))
        if piece.mirrored and stream.random() < 0.5:
            cells = np.fliplr(cells)
        colour = integers(0, 256, size=3, dtype=np.uint8)
        rows, columns = cells.shape[0] * cell, cells.shape[1] * cell
        position = find_position(mask, (rows, columns))
        if position is None:
            return False
        box = np.s_[position[0] : position[0] + rows, position[1] : position[1] + columns]
        _paint(image[box], mask[box], cells, colour, label=piece.label, cell=cell)
    return True


def _paint(image: ByteArray, mask: ByteArray, cells: ByteArray, colour: ByteArray, *, label: int, cell: int) -> None:
    """Paint a piece into its empty bounding box: its colour, and a brighter frame around each cell."""
    square = np.full((cell, cell), 2, np.uint8)
    square[1:-1, 1:-1] = 1
    shades = np.kron(cells, square)  # 0 outside the piece, 1 inside a cell, 2 on its frame
    # uint8 wraps around at 256: the frame of a bright piece can be darker than the piece.
    image[...] = np.stack([np.zeros_like(colour), colour, colour + colour // 2])[shades]
    mask[...] = np.where(shades > 0, label, 0)
