"""How much of the caller's time is left for drawing."""

import math


def drawing_seconds(*, elapsed: float, draw_until_seconds: int) -> int:
    """Whole seconds that one attempt of Generate may take, at least 1.

    `elapsed` are the seconds since the execution's start. What Validate did not need is
    Generate's; what comes after it, at its longest, is set aside in `draw_until_seconds`.
    """
    return max(1, math.floor(draw_until_seconds - elapsed))
