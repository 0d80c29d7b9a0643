"""The bit patterns of float32 values: in the order of the values, and mixed into hashes.

A float32 is a sign, an exponent and a mantissa. Its pattern, with the sign handled, sorts like the
value itself; the top bits are therefore a histogram bin that needs no range to be known beforehand
and that is the same on every machine. All functions are elementwise and vectorised.
"""

from __future__ import annotations

import sys

import numpy as np
import numpy.typing as npt

Float32 = npt.NDArray[np.float32]
Float64 = npt.NDArray[np.float64]
UInt16 = npt.NDArray[np.uint16]
UInt32 = npt.NDArray[np.uint32]
UInt64 = npt.NDArray[np.uint64]
Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
Bool = npt.NDArray[np.bool_]

LARGEST = float(np.finfo(np.float32).max)
_SIGN = np.uint32(0x80000000)
_TOP_HALF = 1 if sys.byteorder == "little" else 0
_FIRST, _SECOND = 0x9E3779B1, 0x85EBCA77
_FIRST_INVERSE, _SECOND_INVERSE = pow(_FIRST, -1, 2**32), pow(_SECOND, -1, 2**32)


def as_float32(values: npt.NDArray[np.generic], out: Float32 | None = None) -> Float32:
    """Returns numbers as float32: large ones are clipped, so that only infinities are infinite.

    Args:
        values: Numbers of any type.
        out: Where to put them, if they are float32 already.
    """
    if values.dtype == np.float32:
        single = np.asarray(values, dtype=np.float32)
        return np.add(single, np.float32(0), out=out)  # −0.0 becomes 0.0
    if values.dtype.kind in "iu" and values.dtype.itemsize == 8:
        # By way of float64, as pandas stores a column of whole numbers in which some are missing.
        return values.astype(np.float64).astype(np.float32)
    if values.dtype.kind in "biu":
        return values.astype(np.float32)
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        single = values.astype(np.float32)
    overflown = np.isinf(single)
    if overflown.any():
        wide = values.astype(np.float64)
        overflown &= np.isfinite(wide)
        single[overflown] = np.sign(wide[overflown]) * np.float32(LARGEST)
    single += np.float32(0)
    return single


def top_halves(values: Float32) -> UInt16:
    """Returns a view of the 16 top bits (sign, exponent, 7 of the mantissa) of each value."""
    halves: UInt16 = values.view(np.uint16)[..., _TOP_HALF::2]
    return halves


def in_order(keys: Int64, bits: int = 16) -> Int64:
    """Returns the ``bits`` top bits of patterns so that they ascend with the values."""
    sign = 1 << (bits - 1)
    return np.where(keys & sign, keys ^ ((1 << bits) - 1), keys | sign)


def bin_edges(keys: npt.NDArray[np.integer], bits: int = 16) -> tuple[Float64, Float64]:
    """Returns the least and the greatest float32 value of each bin.

    Args:
        keys: Keys of ``bits`` bits.
        bits: How many of the top bits the keys hold.
    """
    shift = np.uint32(32 - bits)
    low = np.asarray(keys).astype(np.uint32) << shift
    high = low | np.uint32((1 << int(shift)) - 1)
    return _value_of_ordered(low), _value_of_ordered(high)


def _value_of_ordered(ordered: UInt32) -> Float64:
    pattern = np.where(ordered & _SIGN, ordered ^ _SIGN, ~ordered)
    return pattern.astype(np.uint32).view(np.float32).astype(np.float64)


def mix(patterns: UInt32, out: UInt32 | None = None, scratch: UInt32 | None = None) -> UInt32:
    """Returns a hash of each 32-bit pattern; a bijection, so that different values never meet.

    Args:
        patterns: The patterns.
        out: Where to put the hashes.
        scratch: An array of the same shape, for what lies between.
    """
    mixed = np.multiply(patterns, np.uint32(_FIRST), out=out)
    mixed ^= np.right_shift(mixed, np.uint32(16), out=scratch)
    mixed *= np.uint32(_SECOND)
    return mixed


def unmix(mixed: UInt32) -> UInt32:
    """Returns the patterns that ``mix`` was given."""
    patterns = mixed * np.uint32(_SECOND_INVERSE)
    patterns ^= patterns >> np.uint32(16)
    patterns *= np.uint32(_FIRST_INVERSE)
    return patterns


def constants(count: int, seed: int) -> UInt64:
    """Returns ``count`` odd 64-bit constants (splitmix64 of the index), the same everywhere."""
    state = (np.arange(1, count + 1, dtype=np.uint64) + np.uint64(seed)) * np.uint64(
        0x9E3779B97F4A7C15
    )
    return scramble(state) | np.uint64(1)


def scramble(state: UInt64) -> UInt64:
    """Returns the splitmix64 finaliser of each value."""
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return state ^ (state >> np.uint64(31))
