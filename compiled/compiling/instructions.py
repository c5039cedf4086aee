"""What a processor does at once, and Python code would spell out."""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import extending, types
from numba.core import cgutils
from numba.core.typing.templates import AbstractTemplate, infer_global, signature

from compiled.compiling.pointers import Table, data_of

_HALF, _BYTE, _WORD, _BOTH = 64, ir.IntType(8), ir.IntType(64), ir.IntType(128)

SHORT = 32
"""Bytes that are copied at once, however few are wanted: a table, and room for text, has so many more at its end."""

lower: Any = extending.lower_builtin


def wide_product(left: Any, right: Any) -> tuple[Any, Any]:
    """Return the high and the low word of a product of two 64-bit words."""
    product = int(left) * int(right)
    word = type(left)
    return word(product >> _HALF), word(product & (2**_HALF - 1))


@infer_global(wide_product)
class _WideProduct(AbstractTemplate):
    def generic(self, args: Any, kws: Any) -> Any:
        return signature(types.UniTuple(types.uint64, 2), types.uint64, types.uint64)


@lower(wide_product, types.uint64, types.uint64)
def _wide_product(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    left, right = (builder.zext(one, _BOTH) for one in args)
    product = builder.mul(left, right)
    high = builder.trunc(builder.lshr(product, _BOTH(_HALF)), _WORD)
    return cgutils.pack_array(builder, [high, builder.trunc(product, _WORD)])


def zeros_before(word: Any) -> int:
    """Return how many bits of a word of 64 stand before its first 1."""
    return _HALF - int(word).bit_length()


def zeros_behind(word: Any) -> int:
    """Return how many bits of a word of 64 stand behind its last 1."""
    number = int(word)
    return (number & -number).bit_length() - 1 if number else _HALF


@infer_global(zeros_before)
@infer_global(zeros_behind)
class _Zeros(AbstractTemplate):
    def generic(self, args: Any, kws: Any) -> Any:
        return signature(types.intp, types.uint64)


@lower(zeros_before, types.uint64)
def _zeros_before(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    return builder.ctlz(args[0], cgutils.false_bit)


@lower(zeros_behind, types.uint64)
def _zeros_behind(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    return builder.cttz(args[0], cgutils.false_bit)


def bits_of(value: Any) -> Any:
    """Return the bits of a float64 as a word."""
    return np.float64(value).view(np.uint64)


@infer_global(bits_of)
class _BitsOf(AbstractTemplate):
    def generic(self, args: Any, kws: Any) -> Any:
        return signature(types.uint64, types.float64)


@lower(bits_of, types.float64)
def _bits_of(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    return builder.bitcast(args[0], _WORD)


def put_word(out: Any, at: int, word: Any) -> None:
    """Put the eight bytes of a word into an array, the lowest first."""
    for place, byte in enumerate(int(word).to_bytes(8, "little")):
        out[at + place] = byte


@infer_global(put_word)
class _PutWord(AbstractTemplate):
    def generic(self, args: Any, kws: Any) -> Any:
        return signature(types.none, args[0], types.intp, types.uint64)


@lower(put_word, types.Any, types.Integer, types.uint64)
def _put_word(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    out, at, word = args
    place = builder.gep(_bytes_of(context, builder, sig.args[0], out), [at])
    builder.store(word, builder.bitcast(place, _WORD.as_pointer()), align=1)
    return context.get_dummy_value()


def copy_bytes(out: Any, at: int, data: Any, first: int, end: int) -> int:
    """Copy bytes from one array into another; return where they end there.

    Up to :data:`SHORT` bytes are written there, and read here, all the same; so few may overlap.
    """
    out[at : at + end - first] = data[first:end].copy()
    return at + end - first


@infer_global(copy_bytes)
class _CopyBytes(AbstractTemplate):
    def generic(self, args: Any, kws: Any) -> Any:
        out, _, data, _, _ = args
        return signature(types.intp, out, types.intp, data, types.intp, types.intp)


def _bytes_of(context: Any, builder: Any, kind: Any, value: Any) -> Any:
    if isinstance(kind, Table):
        return data_of(builder, value)
    return context.make_array(kind)(context, builder, value).data


@lower(copy_bytes, types.Any, types.Integer, types.Any, types.Integer, types.Integer)
def _copy_bytes(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    (to, _, of, _, _), (out, at, data, first, end) = sig.args, args
    count = builder.sub(end, first)
    target = builder.gep(_bytes_of(context, builder, to, out), [at])
    source = builder.gep(_bytes_of(context, builder, of, data), [first])
    short = ir.VectorType(_BYTE, SHORT).as_pointer()
    begun = builder.load(builder.bitcast(source, short), align=1)
    builder.store(begun, builder.bitcast(target, short), align=1)
    with builder.if_then(builder.icmp_signed(">", count, count.type(SHORT)), likely=False):
        cgutils.raw_memcpy(builder, target, source, count, 1)
    return builder.add(at, count)
