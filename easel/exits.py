"""How a command ends: exit codes for scripts, and an error that is one line."""

from enum import IntEnum


class Exit(IntEnum):
    OK = 0
    HERE = 1
    USAGE = 2
    REFUSED = 3
    LATER = 4
    FAILED = 5
    UNREACHABLE = 6
    DIFFERENT = 7


MEANINGS = {
    Exit.OK: "done",
    Exit.HERE: "a file or credentials on this machine; the doctor found a problem",
    Exit.USAGE: "the command line",
    Exit.REFUSED: "the request was refused (4xx): change it",
    Exit.LATER: "try again later (429, 503, or an answer with Retry-After)",
    Exit.FAILED: "the service failed (5xx)",
    Exit.UNREACHABLE: "the service was not reached",
    Exit.DIFFERENT: "a rerun on the same model gave a different picture",
}


class CommandError(Exception):
    """Ends a command. `message` says what to do; `answer` is the API's own JSON, where it gave
    one, and `code` that answer's error code."""

    def __init__(
        self, exit: Exit, message: str, *, answer: str | None = None, code: str | None = None
    ) -> None:
        super().__init__(message)
        self.exit = exit
        self.message = message
        self.answer = answer
        self.code = code
