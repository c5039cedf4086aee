"""The kill switch as an input of the session: a value that changes only between steps."""


class KillSwitch:
    """Answers whether it is engaged; the session that owns it decides when it changes."""

    __slots__ = ("engaged",)

    def __init__(self, engaged: bool = False) -> None:
        self.engaged = engaged

    def __call__(self) -> bool:
        return self.engaged
