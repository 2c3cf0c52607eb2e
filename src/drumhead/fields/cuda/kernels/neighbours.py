"""Reading a field at the neighbours of pixels, for each boundary: the 3x3 convolution's operand and its adjoint's.

A place in the kernel is given by a row ``i`` (0 above, 1 the same, 2 below) and a column ``j`` (0 left, 1, 2 right).
"""

from __future__ import annotations

import triton
import triton.language as tl

from drumhead.fields.cuda.boundary_codes import BOUNDARY_CODES

CIRCULAR = tl.constexpr(BOUNDARY_CODES["circular"])
FIXED = tl.constexpr(BOUNDARY_CODES["fixed"])
FREE = tl.constexpr(BOUNDARY_CODES["free"])


@triton.jit
def find_neighbours(row, column, height, width, BOUNDARY: tl.constexpr):
    """Return where the neighbours of a tile's pixels are in an image, for :func:`at_place`.

    Args:
        row, column: The numbers of the tile's rows and columns; those that are not in the image are read as 0.
        height, width, BOUNDARY: The image's size and the boundary's code.

    Returns:
        Four tuples of three: the first pixels of the rows above, of the pixel, and below; the columns left, of the
        pixel, and right; whether each of these rows and columns exists in the image. Beyond an edge is the opposite
        edge if the boundary is circular, else the same row or column.
    """
    is_row, is_column = row < height, column < width
    has_above, has_below = row > 0, row < height - 1
    has_left, has_right = column > 0, column < width - 1
    last_row = height - 1 if BOUNDARY == CIRCULAR else 0
    last_column = width - 1 if BOUNDARY == CIRCULAR else 0
    above = tl.where(has_above, row - 1, last_row)
    below = tl.where(has_below, row + 1, height - 1 - last_row)
    left = tl.where(has_left, column - 1, last_column)
    right = tl.where(has_right, column + 1, width - 1 - last_column)
    rows, columns = (above * width, row * width, below * width), (left, column, right)
    return rows, columns, (is_row & has_above, is_row, has_below), (is_column & has_left, is_column, has_right)


@triton.jit
def pixel_numbers(row, column, height, width):
    """Return the number of each pixel of a tile in the image, and whether it is one, ``(pixel,)``, row by row."""
    return _sums(row * width, column), _both(row < height, column < width)


@triton.jit
def at_place(places, i, j, STATIC: tl.constexpr):
    """Return what the functions below need of a place of the kernel.

    Args:
        places: The result of :func:`find_neighbours`.
        i, j: The place.
        STATIC: Whether it is known when the kernel is compiled.

    Returns:
        Row, column and whether these exist, of the neighbour at this place, at the opposite place, and of the pixel.
    """
    rows, columns, has_row, has_column = places
    if STATIC:
        neighbour = (rows[i], columns[j], has_row[i], has_column[j])
        opposite = (rows[2 - i], columns[2 - j], has_row[2 - i], has_column[2 - j])
    else:
        neighbour = (_pick(rows, i), _pick(columns, j), _pick(has_row, i), _pick(has_column, j))
        opposite = (_pick(rows, 2 - i), _pick(columns, 2 - j), _pick(has_row, 2 - i), _pick(has_column, 2 - j))
    return neighbour, opposite, (rows[1], columns[1], has_row[1], has_column[1])


@triton.jit
def load_neighbours(field, place, known, BOUNDARY: tl.constexpr):
    """Return a field's values at the neighbours that a place of the kernel reads; 0 where there is none.

    Args:
        field: Pointers to channels of an image, ``(channel, 1)``, or to one.
        place: The result of :func:`at_place`.
        known: Whether each channel exists, ``(channel, 1)``; the others get 0.
        BOUNDARY: The boundary's code.

    Returns:
        ``(channel, pixel)``.
    """
    neighbour, _, here = place
    row, column, has_row, has_column = neighbour
    if BOUNDARY != FIXED:
        has_row, has_column = here[2], here[3]
    return _load(field, row, column, has_row, has_column, known)


@triton.jit
def load_sources(field, place, known, BOUNDARY: tl.constexpr):
    """Return the sum of a field's values at the pixels whose neighbour at this place is the given pixel.

    That is the operand of the transposed convolution. With a free boundary, a pixel at the edge is the neighbour of up
    to four others, because the values at the edge are repeated outside. The arguments are those of
    :func:`load_neighbours`.
    """
    neighbour, opposite, here = place
    row, column, has_row, has_column = opposite
    own_row, own_column, is_row, is_column = here
    if BOUNDARY == CIRCULAR:
        return _load(field, row, column, is_row, is_column, known)
    # Beyond the image are the tile's last rows and columns, for which `opposite` has places of the image.
    has_row, has_column = has_row & is_row, has_column & is_column
    values = _load(field, row, column, has_row, has_column, known)
    if BOUNDARY == FREE:
        # A pixel without a neighbour at the place is its own neighbour there.
        at_row_edge, at_column_edge = is_row & (neighbour[2] == 0), is_column & (neighbour[3] == 0)
        values += _load(field, own_row, column, at_row_edge, has_column, known)
        values += _load(field, row, own_column, has_row, at_column_edge, known)
        values += _load(field, own_row, own_column, at_row_edge, at_column_edge, known)
    return values


@triton.jit
def _load(field, row, column, has_row, has_column, known):
    mask = known & _both(has_row, has_column)[None, :]
    return tl.load(field + _sums(row, column)[None, :], mask=mask, other=0.0)


@triton.jit
def _sums(row, column):
    """Return the sum of each row's and each column's value, row by row."""
    return tl.ravel(row[:, None] + column[None, :])


@triton.jit
def _both(row, column):
    """Return whether both a row's and a column's value are true, row by row."""
    return tl.ravel(row[:, None] & column[None, :])


@triton.jit
def _pick(values, number):
    """Return one of three values by its number, which is not known when the kernel is compiled."""
    return tl.where(number == 0, values[0], tl.where(number == 1, values[1], values[2]))
