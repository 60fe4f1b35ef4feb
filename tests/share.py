"""How much a run of the tests does of what is slow by nature: a share, or with WHOLE=1 all."""

import os

WHOLE = os.environ.get("WHOLE") == "1"


def share(whole: int, *, least: int = 1) -> int:
    """Returns how many of `whole` examples to try: a tenth, but at least `least`."""
    return whole if WHOLE else max(least, whole // 10)
