"""SHA-256 of a short text (FIPS 180-4)."""

import math

import numpy as np

from compiled.compiler import Whole, routine
from compiled.text.words import Bytes
from core.candle_columns import Int64Array

PADDING = 72
"""How many bytes of room a text needs behind it."""
_MASK = 0xFFFFFFFF
_PRIMES = [number for number in range(2, 312) if all(number % one for one in range(2, math.isqrt(number) + 1))]


def _first_bits_of_cube_roots() -> list[int]:
    """Return the first 32 bits of what is behind the point of the cube roots of the first 64 primes."""
    found = []
    for prime in _PRIMES:
        root = 0
        for bit in range(35, -1, -1):
            if (root | 1 << bit) ** 3 <= prime << 96:
                root |= 1 << bit
        found.append(root & _MASK)
    return found


_ROUNDS = np.array(_first_bits_of_cube_roots(), np.int64)
_START = np.array([math.isqrt(prime << 64) & _MASK for prime in _PRIMES[:8]], np.int64)


@routine
def _turned(word: int, bits: int) -> int:
    return (word >> bits | word << (32 - bits)) & _MASK


@routine
def digest(text: Bytes, length: int) -> tuple[int, int]:
    """Return the first two words of 32 bits of the SHA-256 of a text that has :data:`PADDING` behind it."""
    blocks = (length + PADDING) // 64
    bits = length * 8
    for place in range(length, blocks * 64):
        text[place] = 0
    text[length] = 0x80
    for place in range(8):
        text[blocks * 64 - 1 - place] = bits >> (8 * place) & 0xFF
    state, words = _START.copy(), np.empty(64, np.int64)
    for block in range(blocks):
        for place in range(16):
            word = Whole(0)
            for byte in range(4):
                word = word << 8 | Whole(text[block * 64 + place * 4 + byte])
            words[place] = word
        _mix(state, words)
    return state[0], state[1]


@routine
def _mix(state: Int64Array, words: Int64Array) -> None:
    """Take one block into the state."""
    for place in range(16, 64):
        before, near = words[place - 15], words[place - 2]
        low = _turned(before, 7) ^ _turned(before, 18) ^ before >> 3
        high = _turned(near, 17) ^ _turned(near, 19) ^ near >> 10
        words[place] = (words[place - 16] + low + words[place - 7] + high) & _MASK
    a, b, c, d, e, f, g, h = state
    for place in range(64):
        chosen = e & f ^ ~e & _MASK & g
        first = h + (_turned(e, 6) ^ _turned(e, 11) ^ _turned(e, 25)) + chosen + _ROUNDS[place] + words[place]
        second = (_turned(a, 2) ^ _turned(a, 13) ^ _turned(a, 22)) + (a & b ^ a & c ^ b & c)
        h, g, f, e = g, f, e, (d + first) & _MASK
        d, c, b, a = c, b, a, (first + second) & _MASK
    for place, word in enumerate((a, b, c, d, e, f, g, h)):
        state[place] = (state[place] + word) & _MASK
