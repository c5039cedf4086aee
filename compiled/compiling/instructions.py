"""What a processor does at once, and Python code would spell out."""

from typing import Any

from llvmlite import ir
from numba import extending, types
from numba.core import cgutils
from numba.core.typing.templates import AbstractTemplate, infer_global, signature

from compiled.compiling.pointers import Table, data_of

_HALF, _WORD, _BOTH = 64, ir.IntType(64), ir.IntType(128)

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


def copy_bytes(out: Any, at: int, data: Any, first: int, end: int) -> int:
    """Copy bytes from one array into another; return where they end there."""
    out[at : at + end - first] = data[first:end]
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
    cgutils.raw_memcpy(builder, target, builder.gep(_bytes_of(context, builder, of, data), [first]), count, 1)
    return builder.add(at, count)
