"""Products that need more than 64 bits: two words without a sign, and what they come to divided by a number."""

from compiled.codes import NONE
from compiled.compiler import Whole, Word, routine
from compiled.compiling.instructions import wide_product
from compiled.integers import POWERS, half_even

_ONE, _NOTHING = Word(1), Word(0)
_LAST, _SIGN, _BITS = Word(63), Word(1 << 63), 64


@routine
def divided_words(high: int, low: int, divisor: int) -> tuple[int, int, int]:
    """Return the two words of high and low ÷ divisor, which is below 2 ** 63, and the remainder."""
    rest = high % divisor
    quotient_high = high // divisor
    if rest == _NOTHING:
        return quotient_high, low // divisor, low % divisor
    quotient = _NOTHING
    for _ in range(_BITS):
        rest = (rest << _ONE) | (low >> _LAST)
        low <<= _ONE
        quotient <<= _ONE
        if rest >= divisor:
            rest -= divisor
            quotient |= _ONE
    return quotient_high, quotient, rest


@routine
def product_of_three(first: int, second: int, third: int) -> tuple[int, int, bool]:
    """Return the two words of a product of numbers that are not below 0, and whether it needs more."""
    high, low = wide_product(Word(first), Word(second))
    beyond, high = wide_product(high, Word(third))
    carried, low = wide_product(low, Word(third))
    high += carried
    return high, low, beyond != _NOTHING or high < carried


@routine
def quotient_of(first: int, second: int, third: int, divisor: int) -> tuple[int, int]:
    """Return quotient and remainder of first × second × third ÷ divisor; none is below 0, the divisor below 2 ** 62.

    The quotient is NONE where it needs more than 63 bits, or the product more than 128.
    """
    high, low, beyond = product_of_three(first, second, third)
    high, low, rest = divided_words(high, low, Word(divisor))
    if beyond or high != _NOTHING or low >= _SIGN:
        return NONE, Whole(0)
    return Whole(low), Whole(rest)


@routine
def rounded_quotient(first: int, second: int, third: int, divisor: int) -> int:
    """Return first × second × third ÷ divisor, rounded half-even; NONE as for :func:`quotient_of`."""
    quotient, rest = quotient_of(first, second, third, divisor)
    if quotient == NONE:
        return NONE
    return half_even(quotient, rest, divisor)


@routine
def rounded_product(first: int, second: int, third: int, decimals: int) -> int:
    """Return first × second × third ÷ 10 ** decimals, of which there are at most 36, rounded half-even.

    NONE as for :func:`quotient_of`.
    """
    high, low, beyond = product_of_three(first, second, third)
    finer = decimals // 2
    high, low, dropped = divided_words(high, low, Word(POWERS[finer]))
    divisor = POWERS[decimals - finer]
    high, low, rest = divided_words(high, low, Word(divisor))
    if beyond or high != _NOTHING or low >= _SIGN:
        return NONE
    if dropped != _NOTHING and 2 * Whole(rest) == divisor:
        return Whole(low) + 1
    return half_even(Whole(low), Whole(rest), divisor)
