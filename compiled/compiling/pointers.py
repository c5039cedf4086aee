"""Tuples of arrays passed as one pointer.

As a plain tuple every array of them is seven values, handed to every function that is given the tuple, and counted as a
reference wherever one is taken out. Here a function is given where the places and lengths of the arrays stand.
"""

import operator
from typing import Any, TypeVar, cast

import numba
from llvmlite import ir
from numba import extending, types
from numba.core import cgutils
from numba.core.typing.templates import AbstractTemplate, AttributeTemplate, infer_getattr, infer_global, signature

Kind = TypeVar("Kind", bound=type)

_WORD = ir.IntType(64)
_WORD_BYTES = 8
_WORDS_OF_A_TABLE = 3
"""Where its data lies, how many rows and how many columns it has."""

kind_of: Any = numba.typeof
lower: Any = extending.lower_builtin
lower_attribute: Any = extending.lower_getattr_generic


class Table(types.Type):
    """An array of one or two dimensions, row by row, in a tuple that is passed as a pointer."""

    def __init__(self, array: Any) -> None:
        if array.layout != "C":
            raise TypeError("the rules take arrays that lie row by row")
        self.array, self.dtype, self.ndim = array, array.dtype, array.ndim
        super().__init__(f"Table({array.dtype.name},{array.ndim})")

    words = _WORDS_OF_A_TABLE


class TableRow(types.Type):
    """A row of a table of two dimensions."""

    def __init__(self, dtype: Any) -> None:
        self.dtype = dtype
        super().__init__(f"TableRow({dtype.name})")


class Held(types.Type):
    """A tuple that is passed as a pointer."""

    def __init__(self, name: str, fields: tuple[tuple[str, Any], ...]) -> None:
        self.fields = fields
        super().__init__(name)

    @property
    def key(self) -> Any:
        """What tells it from others; its name is short, since it stands in that of every function that is given it."""
        return self.name, self.fields

    @property
    def words(self) -> int:
        """How many words tell of it."""
        return sum(kind.words for _, kind in self.fields)


@extending.register_model(Table)
@extending.register_model(TableRow)
@extending.register_model(Held)
class PointerModel(extending.models.PrimitiveModel):
    """One pointer."""

    def __init__(self, manager: Any, kind: types.Type) -> None:
        super().__init__(manager, kind, cgutils.voidptr_t)


def by_pointer(kind: Kind) -> Kind:
    """Let a named tuple of arrays, or of such tuples, be passed as a pointer."""

    names: tuple[str, ...] = cast(Any, kind)._fields

    @extending.typeof_impl.register(kind)
    def type_of(value: Any, context: Any) -> Held:
        return Held(kind.__name__, tuple((name, _field(getattr(value, name))) for name in names))

    return kind


def _field(value: Any) -> types.Type:
    found = kind_of(value)
    return Table(found) if isinstance(found, types.Array) else found


@extending.unbox(Held)
def _unbox(kind: Held, given: Any, c: Any) -> Any:
    """Put the words of a tuple on the stack of what Python calls; the tuple keeps its arrays alive."""
    words = cgutils.alloca_once(c.builder, _WORD, size=kind.words)
    failed = cgutils.alloca_once_value(c.builder, cgutils.false_bit)
    _put_words(kind, given, words, failed, c)
    pointer = c.builder.bitcast(words, cgutils.voidptr_t)
    return extending.NativeValue(pointer, is_error=c.builder.load(failed))


def _put_words(kind: Held, given: Any, words: Any, failed: Any, c: Any) -> None:
    builder, at = c.builder, 0
    for place, (_, field) in enumerate(kind.fields):
        one, there = c.pyapi.tuple_getitem(given, place), builder.gep(words, [_WORD(at)])
        if isinstance(field, Held):
            _put_words(field, one, there, failed, c)
        else:
            array = c.context.make_array(field.array)(c.context, builder)
            found = builder.bitcast(array._getpointer(), cgutils.voidptr_t)
            adapted = c.pyapi.nrt_adapt_ndarray_from_python(one, found)
            builder.store(builder.or_(builder.load(failed), cgutils.is_not_null(builder, adapted)), failed)
            numbers = [builder.ptrtoint(array.data, _WORD), *cgutils.unpack_tuple(builder, array.shape, field.ndim)]
            for number, value in enumerate(numbers):
                builder.store(value, builder.gep(there, [_WORD(number)]))
            c.context.nrt.decref(builder, field.array, array._getvalue())
        at += field.words


@infer_getattr
class _FieldsOfHeld(AttributeTemplate):
    key = Held

    def generic_resolve(self, kind: Held, name: str) -> types.Type | None:  # type: ignore[override]
        return dict(kind.fields).get(name)


@infer_getattr
class _ShapeOfTable(AttributeTemplate):
    key = Table

    def resolve_shape(self, kind: Table) -> types.Type:
        return types.UniTuple(types.intp, kind.ndim)


@infer_global(operator.getitem)
class _GetItem(AbstractTemplate):
    def generic(self, args: Any, kws: Any) -> Any:
        table, index = args
        if isinstance(table, Table) and isinstance(index, types.Integer):
            found = table.dtype if table.ndim == 1 else TableRow(table.dtype)
            return signature(found, table, types.intp)
        if isinstance(table, TableRow) and isinstance(index, types.Integer):
            return signature(table.dtype, table, types.intp)
        if isinstance(table, Table) and isinstance(index, types.BaseTuple) and table.ndim == len(index):
            return signature(table.dtype, table, types.UniTuple(types.intp, table.ndim))
        return None


@infer_global(operator.setitem)
class _SetItem(AbstractTemplate):
    def generic(self, args: Any, kws: Any) -> Any:
        table, index, _ = args
        if isinstance(table, Table) and table.ndim == 1 and isinstance(index, types.Integer):
            return signature(types.none, table, types.intp, table.dtype)
        if isinstance(table, Table) and isinstance(index, types.BaseTuple) and table.ndim == len(index):
            return signature(types.none, table, types.UniTuple(types.intp, table.ndim), table.dtype)
        return None


@lower_attribute(Held)
def _get_field(context: Any, builder: Any, kind: Held, pointer: Any, name: str) -> Any:
    words = 0
    for one, field in kind.fields:
        if one == name:
            break
        words += field.words
    return builder.gep(pointer, [_WORD(words * _WORD_BYTES)])


def _word(builder: Any, pointer: Any, number: int) -> Any:
    """Return a word of a table; none changes while rules run."""
    words = builder.bitcast(pointer, _WORD.as_pointer())
    loaded = builder.load(builder.gep(words, [_WORD(number)]))
    loaded.set_metadata("invariant.load", builder.module.add_metadata([]))
    return loaded


@extending.lower_getattr(Table, "shape")
def _get_shape(context: Any, builder: Any, kind: Table, pointer: Any) -> Any:
    return cgutils.pack_array(builder, [_word(builder, pointer, 1 + number) for number in range(kind.ndim)])


def _place(context: Any, builder: Any, dtype: Any, data: Any, number: Any) -> Any:
    """Return a pointer to one of the values that lie one behind the other."""
    of_data = context.get_data_type(dtype)
    places = builder.bitcast(data, of_data.as_pointer())
    return builder.gep(places, [number])


def _loaded(context: Any, builder: Any, dtype: Any, place: Any) -> Any:
    if isinstance(dtype, types.Record):
        return builder.bitcast(place, context.get_value_type(dtype))
    return context.unpack_value(builder, dtype, place)


def data_of(builder: Any, pointer: Any) -> Any:
    """Return a pointer to the data of a table."""
    return builder.inttoptr(_word(builder, pointer, 0), cgutils.voidptr_t)


@lower(operator.getitem, Table, types.Integer)
def _get_row(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    kind, (pointer, number) = sig.args[0], args
    data = data_of(builder, pointer)
    if kind.ndim == 1:
        return _loaded(context, builder, kind.dtype, _place(context, builder, kind.dtype, data, number))
    first = builder.mul(number, _word(builder, pointer, 2))
    return builder.bitcast(_place(context, builder, kind.dtype, data, first), cgutils.voidptr_t)


@lower(operator.getitem, TableRow, types.Integer)
def _get_of_row(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    dtype, (data, number) = sig.args[0].dtype, args
    return _loaded(context, builder, dtype, _place(context, builder, dtype, data, number))


@lower(operator.getitem, Table, types.BaseTuple)
def _get_of_table(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    kind, (pointer, index) = sig.args[0], args
    number = builder.extract_value(index, 0)
    if kind.ndim == 2:
        first = builder.mul(number, _word(builder, pointer, 2))
        number = builder.add(first, builder.extract_value(index, 1))
    data = data_of(builder, pointer)
    return _loaded(context, builder, kind.dtype, _place(context, builder, kind.dtype, data, number))


@lower(operator.setitem, Table, types.Integer, types.Any)
def _set_row(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    kind, (pointer, number, value) = sig.args[0], args
    _put_at(context, builder, kind, pointer, number, value)
    return context.get_dummy_value()


@lower(operator.setitem, Table, types.BaseTuple, types.Any)
def _set_of_table(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    kind, (pointer, index, value) = sig.args[0], args
    first = builder.mul(builder.extract_value(index, 0), _word(builder, pointer, 2))
    number = builder.add(first, builder.extract_value(index, 1))
    _put_at(context, builder, kind, pointer, number, value)
    return context.get_dummy_value()


def _put_at(context: Any, builder: Any, kind: Table, pointer: Any, number: Any, value: Any) -> None:
    place = _place(context, builder, kind.dtype, data_of(builder, pointer), number)
    if isinstance(kind.dtype, types.Record):
        size = context.get_constant(types.intp, kind.dtype.size)
        cgutils.raw_memcpy(builder, place, value, size, 1)
    else:
        context.pack_value(builder, kind.dtype, value, place)
