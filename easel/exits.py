"""How a command ends: exit codes for scripts, and an error that is one line."""

import json
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
    INTERRUPTED = 130


MEANINGS = {
    Exit.OK: "done",
    Exit.HERE: "a file or credentials on this machine; doctor or smoke found a problem",
    Exit.USAGE: "the command line",
    Exit.REFUSED: "the request was refused (4xx): change it",
    Exit.LATER: "try again later (429, 503, or an answer with Retry-After)",
    Exit.FAILED: "the service failed (5xx)",
    Exit.UNREACHABLE: "the service was not reached",
    Exit.DIFFERENT: "a rerun on the same model gave a different picture",
    Exit.INTERRUPTED: "stopped by Ctrl-C",
}


class CommandError(Exception):
    """Ends a command. `message` says what to do. `answer` is the API's own JSON, where it gave
    one, with that answer's `status` and error `code`."""

    def __init__(
        self,
        exit: Exit,
        message: str,
        *,
        answer: str | None = None,
        status: int | None = None,
        code: str | None = None,
    ) -> None:
        super().__init__(message)
        self.exit = exit
        self.message = message
        self.answer = answer
        self.status = status
        self.code = code

    @property
    def json(self) -> str:
        """The error in the form that the API's own have."""
        error = {
            "message": self.message,
            "type": "command_line_error",
            "param": None,
            "code": self.exit.name.lower(),
        }
        return json.dumps({"error": error, "execution_arn": None}, ensure_ascii=False)


def file_error(error: OSError) -> CommandError:
    """Returns the error of a file, or of stdout, which has no name."""
    return CommandError(Exit.HERE, f"{error.filename or 'stdout'}: {error.strerror or error}.")
