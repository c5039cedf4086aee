"""Text from outside, as it may be shown: it can neither drive a terminal nor begin a line of its own."""

_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
_LAST_OF_FOUR_DIGITS = 0xFFFF


def is_text(value: str) -> bool:
    """Return whether files, databases and answers can hold it: no NUL, and no byte or half of a character as one.

    Names of files are no text where their bytes are not UTF-8.
    """
    return "\0" not in value and not any("\ud800" <= one <= "\udfff" for one in value)


def escaped(value: object) -> str:
    r"""Return a text on one line, every character that is not for printing written out.

    Those are the control characters (ESC and the C1 range among them), line and paragraph separators, what turns the
    direction of writing, other characters without a shape and bytes that are no text. They are written as JSON writes
    them, so that a JSON document that has them in its strings stays one; doing it twice changes nothing.

    Examples
    --------
    >>> print(escaped("done\x1b[2J\nerror: none\u202e"))
    done\u001b[2J\nerror: none\u202e
    """
    text = str(value)
    return text if text.isprintable() else "".join(one if one.isprintable() else _escape(one) for one in text)


def escaped_lines(text: str) -> str:
    """Return a text of this program's own lines, each of them escaped."""
    return "\n".join(map(escaped, text.split("\n")))


def _escape(one: str) -> str:
    code = ord(one)
    if code <= _LAST_OF_FOUR_DIGITS:
        return _SHORT.get(one, f"\\u{code:04x}")
    pair = one.encode("utf-16-be")
    return f"\\u{pair[:2].hex()}\\u{pair[2:].hex()}"
