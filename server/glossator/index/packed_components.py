"""The leading components of vectors along their principal axes, as small whole numbers, and products of them.

About half of the components hold most of a vector's length. They are kept so that numpy reads few bytes and multiplies
several numbers at once: those of four vectors in one number of double precision. Every sum of products fits in its 53
bits, so the sums are exact, and the four can be taken apart afterwards.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TYPE_CHECKING

from glossator.power import usable_cores

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

LEADING_ENERGY = 0.8
"""Share of the vectors' squared length in the leading components: 112 to 144 of 256 with the bundled model."""

LEADING_STEP = 16
"""The number of leading components is a multiple of this."""

PACKED = 4
FIELD_BITS = 13
"""So many whole numbers of so many bits are in one of double precision. (numpy multiplies whole numbers several at a
time only where its compiler saw how; otherwise it takes four times as long.)"""

LARGEST_SUM = 2 ** (FIELD_BITS - 1) - 1
"""What the sum of the products of leading components may be at most."""

SAMPLED = 20_000
"""Vectors that the axes are computed from, about: enough for 256 dimensions."""

ROTATED_ROWS = 16_384
"""Vectors that are rotated at a time: 32 MB."""

MULTIPLIED_ROWS = 8192
"""Rows of packed vectors that are multiplied at a time: their products stay in a core's cache."""

SHARED_ROWS = 200_000
"""From so many vectors on two cores multiply: fewer take one about two milliseconds, and on a busy machine the other
may be waited for as long."""

LEFT_OUT = -LARGEST_SUM - 1
"""The product of rows that are not to be found; lower than any other."""


def leading_axes(vectors: NDArray[np.float16]) -> NDArray[np.float32]:
    """Orthonormal principal axes as columns, those with the most energy first: as many as hold `LEADING_ENERGY`.

    Double precision, so that the order of the vectors does not show in the axes.
    """
    import numpy as np

    vectors = _sample(vectors)
    dimensions = vectors.shape[1]
    energy = np.zeros((dimensions, dimensions))
    for start in range(0, len(vectors), ROTATED_ROWS):
        rows = vectors[start : start + ROTATED_ROWS].astype(np.float64)
        energy += rows.T @ rows
    values, axes = np.linalg.eigh(energy)
    shares = np.cumsum(values[::-1]) / max(float(values.sum()), 1e-12)
    first = int(np.searchsorted(shares, LEADING_ENERGY)) + 1
    first = min(dimensions, -(-first // LEADING_STEP) * LEADING_STEP)
    return np.ascontiguousarray(axes[:, ::-1][:, :first], dtype=np.float32)


def _sample(vectors: NDArray[np.float16]) -> NDArray[np.float16]:
    """About `SAMPLED` of the vectors, or all if there are fewer.

    Their components choose, not their rows, whose order depends on when worker processes were done: two indexes of the
    same tree have the same axes.
    """
    import numpy as np

    stride = max(1, len(vectors) // SAMPLED)
    if stride == 1:
        return vectors
    bits = np.ascontiguousarray(vectors[:, :4]).view(np.uint16).astype(np.uint32)
    chosen: NDArray[np.bool_] = bits @ np.array([1, 31, 961, 29_791], np.uint32) % stride == 0
    sample: NDArray[np.float16] = vectors[chosen]
    return sample


def whole_components(
    vectors: NDArray[np.floating], axes: NDArray[np.float32], *, lengthen: bool = False
) -> NDArray[np.float64]:
    """Leading components as whole numbers, so that the sum of the products of two rows is `LARGEST_SUM` at most.

    A length of 1 becomes the square root of this, less what rounding may add. Rows whose leading components are longer
    are shortened; with `lengthen`, all others are made as long.
    """
    import numpy as np

    # In double precision, since what a row's components are in single precision depends on its place.
    rotated = vectors.astype(np.float64) @ axes
    lengths = np.sqrt(np.einsum("ij,ij->i", rotated, rotated))
    scales = (LARGEST_SUM**0.5 - axes.shape[1] ** 0.5 / 2) / np.maximum(lengths, 1e-300 if lengthen else 1.0)
    whole: NDArray[np.float64] = np.rint(rotated * scales[:, None])
    return whole


def packed_rows(count: int) -> int:
    """How many rows the packed components of so many vectors have."""
    return -(-count // PACKED)


def packed_components(vectors: NDArray[np.float16], axes: NDArray[np.float32]) -> Iterator[NDArray[np.float64]]:
    """The leading components of all vectors, in batches of rows; shape (rows, leading components).

    A row has those of one vector in each quarter of all.
    """
    import numpy as np

    count, total = len(vectors), packed_rows(len(vectors))
    for start in range(0, total, ROTATED_ROWS):
        packed = np.zeros((min(ROTATED_ROWS, total - start), axes.shape[1]))
        for place in range(PACKED):
            first = place * total + start
            rows = whole_components(vectors[first : min(first + len(packed), count)], axes)
            packed[: len(rows)] += rows * 2.0 ** (FIELD_BITS * place)
        yield packed


def unpacked(numbers: NDArray[np.float64]) -> NDArray[np.int16]:
    """The whole numbers that are in each, shape (`PACKED`, numbers).

    They are `LARGEST_SUM` where a number is absurd, as in a damaged file: so it comes to a search's notice.
    """
    import numpy as np

    half = 1 << (FIELD_BITS - 1)
    absurd = ~(np.abs(numbers) < 2.0 ** (FIELD_BITS * PACKED))
    with np.errstate(invalid="ignore"):
        packed = numbers.astype(np.int64)
    packed += sum(half << (FIELD_BITS * place) for place in range(PACKED))  # so that none is negative
    found = np.empty((PACKED, len(numbers)), np.int16)
    for column in found:
        column[:] = packed.astype(np.int16)  # its lowest bits
        packed >>= FIELD_BITS
    found &= 2 * half - 1
    found -= half
    if absurd.any():
        found[:, absurd] = LARGEST_SUM
    return found


def leading_products(
    packed: NDArray[np.float64], axes: NDArray[np.float32], vector: NDArray[np.float32], count: int
) -> NDArray[np.int16]:
    """The products of the leading components of `count` vectors, packed, with those of another vector.

    They are whole numbers, about `LARGEST_SUM` for vectors of length 1 that are the same; the other vector's length
    does not matter.
    """
    import numpy as np

    query = whole_components(vector[None], axes, lengthen=True)[0]
    products = np.empty((PACKED, len(packed)), np.int16)

    def multiply(first: int, end: int) -> None:
        for start in range(first, end, MULTIPLIED_ROWS):
            part = slice(start, min(start + MULTIPLIED_ROWS, end))
            products[:, part] = unpacked(np.einsum("ij,j->i", packed[part], query))

    if count < SHARED_ROWS or usable_cores() < 2:
        multiply(0, len(packed))
    else:
        half = len(packed) // 2
        other = _second_core().submit(multiply, half, len(packed))
        multiply(0, half)
        other.result()
    return products.reshape(-1)[:count]


@cache
def _second_core() -> ThreadPoolExecutor:
    """A thread for the other half of the products."""
    return ThreadPoolExecutor(1, "glossator-products")
