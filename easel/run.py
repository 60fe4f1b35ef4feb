"""One run of the command line: where it goes, what it reaches outside with, and how it ends."""

import os
import shlex
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import click

from easel import display
from easel.api import Answer, Api, Http, UrllibHttp, error_code
from easel.exits import CommandError, Exit
from easel.target import Asked, Target, target_of

if TYPE_CHECKING:
    from easel.account import Account

COMPLETE_VARIABLE = "_EASEL_COMPLETE"
INTERRUPTED = 130

# Request field -> option of draw.
_OPTIONS: Mapping[str, str] = {
    "model": "--model",
    "style_preset": "--style",
    "aspect_ratio": "--aspect",
    "negative_prompt": "--negative",
    "count": "--count",
    "output_format": "--format",
}

AccountOf = Callable[[str, Target], "Account"]


def _account_of(arn: str, target: Target) -> "Account":
    from easel.executions import account_of

    return account_of(arn, target)


@dataclass(frozen=True)
class Seams:
    """What the command line reaches outside with."""

    http: Http = field(default_factory=UrllibHttp)
    sleep: Callable[[float], None] = time.sleep
    launch: Callable[[str], int] = click.launch
    account_of: AccountOf = _account_of


@dataclass(frozen=True)
class Run:
    """One run of the command line."""

    seams: Seams
    asked: Asked
    json: bool
    patience_seconds: float

    def target(self) -> Target:
        return target_of(self.asked, os.environ)

    def api(self, change_text: Callable[[str], None] = lambda text: None) -> Api:
        def waits(seconds: float) -> None:
            change_text(f"The service asks to wait {seconds:g} s")
            self.seams.sleep(seconds)

        return Api(
            self.target(), self.seams.http, patience_seconds=self.patience_seconds, waits=waits
        )

    def call(self, text: str, ask: Callable[[Api], Answer]) -> Answer:
        """One call, with its progress shown."""
        with display.progress(text) as change_text:
            return ask(self.api(change_text))

    def command(self, *words: str) -> str:
        """A command line to go on with, at the same endpoint; never with a key."""
        asked = self.asked
        where = [
            part
            for option, value in (
                ("--endpoint", asked.endpoint),
                ("--profile", asked.profile),
                ("--region", asked.region),
            )
            if value
            for part in (option, value)
        ]
        return shlex.join(["easel", *words, *where])

    @contextmanager
    def findable(self, request: Mapping[str, Any], out: object) -> Iterator[None]:
        """Adds to an error after which the picture may be there the command that finds it."""
        try:
            yield
        except CommandError as error:
            if error.exit in (Exit.LATER, Exit.UNREACHABLE) or error_code(error) == "timeout":
                words = [request["prompt"], "--seed", str(request["seed"])]
                for name, option in _OPTIONS.items():
                    if name in request:
                        words += [option, str(request[name])]
                if out is not None:
                    words += ["--out", str(out)]
                    # Some of several may have been written.
                    words += ["--force"] if "count" in request else []
                error.message += f" The same again: {self.command('draw', *words)}"
            raise


class CommandGroup(click.Group):
    """Errors are one line. Options of `easel` may stand behind the command too."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(ctx, self._own_first(args))

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except CommandError as error:
            if isinstance(ctx.obj, Run) and ctx.obj.json and error.answer:
                click.echo(error.answer)
            raise

    def main(self, *args: Any, **options: Any) -> Any:
        options |= {"standalone_mode": False, "complete_var": COMPLETE_VARIABLE}
        options["prog_name"] = "easel"
        try:
            code = super().main(*args, **options)
        except CommandError as error:
            display.note(f"easel: {error.message}")
            code = error.exit
        except click.exceptions.NoArgsIsHelpError as error:
            error.show()
            code = Exit.USAGE
        except click.UsageError as error:
            path = error.ctx.command_path if error.ctx else "easel"
            display.note(f"easel: {error.format_message()} See {path} --help.")
            code = Exit.USAGE
        except click.Abort:
            code = INTERRUPTED
        sys.exit(code if isinstance(code, int) else Exit.OK)

    def _own_first(self, args: Sequence[str]) -> list[str]:
        options = {
            name: option
            for option in self.params
            if isinstance(option, click.Option) and option.name not in ("help", "version")
            for name in option.opts
        }
        own: list[str] = []
        rest: list[str] = []
        left = list(args)
        while left:
            arg = left.pop(0)
            if arg == "--":
                return [*own, *rest, arg, *left]
            name, _, value = arg.partition("=")
            if name not in options:
                rest.append(arg)
                continue
            own.append(arg)
            if not options[name].is_flag and not value and left:
                own.append(left.pop(0))
        return [*own, *rest]
