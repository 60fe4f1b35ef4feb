"""One run of the command line: what its options say, and what it reaches outside with."""

import os
import shlex
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from easel import display
from easel.api import Answer, Api, Http, send
from easel.exits import CommandError, Exit, file_error
from easel.target import API_KEY, AWS_ENDPOINT, ENDPOINT, LOCAL_URL, Target, target_of

if TYPE_CHECKING:
    from easel.aws import Account

PATIENCE_SECONDS = 30


@dataclass
class Run:
    """The options that every command takes, by their names, and what a test replaces.

    `said_json` is whether stdout has its JSON, which an error must not follow with another.
    """

    endpoint: str | None = None
    api_key: str | None = None
    profile: str | None = None
    region: str | None = None
    aws_endpoint: str | None = None
    wait: float = PATIENCE_SECONDS
    json: bool = False
    said_json: bool = False

    http: Http = send
    sleep: Callable[[float], None] = time.sleep
    launch: Callable[[str], int] = click.launch
    account: "Account | None" = None

    def target(self) -> Target:
        where = (self.endpoint, self.api_key, self.profile, self.region, self.aws_endpoint)
        return target_of(os.environ, *where)

    def call(self, text: str, ask: Callable[[Api], Answer]) -> Answer:
        """Makes one call and shows its progress."""
        with display.progress(text) as change_text:

            def waits(seconds: float) -> None:
                change_text(f"The service asks to wait {seconds:g} s")
                self.sleep(seconds)

            return ask(self.api(waits))

    def api(self, waits: Callable[[float], None], *, retries: int = 1) -> Api:
        return Api(self.target(), self.http, self.wait, waits, retries)

    def say_json(self, text: str) -> None:
        display.say_json(text)
        self.said_json = True

    def download(self, url: str) -> Answer:
        return self.call("Fetching it", lambda api: api.download(url))

    def command(self, *words: str) -> str:
        """Returns a command line to go on with, at the same endpoint; never with a key."""
        where = {"--endpoint": self.endpoint, "--profile": self.profile, "--region": self.region}
        given = [word for option, value in where.items() if value for word in (option, value)]
        return shlex.join(["easel", *words, *given])

    def same_again(self, **chosen: Any) -> str:
        """Returns a sentence with the present command, with what it has `chosen` itself."""
        return f"The same again: {self.command(*_words(chosen))}"

    @contextmanager
    def findable(self, **chosen: Any) -> Iterator[None]:
        """Adds to an error after which the picture may be there the command that finds it.

        That is the same command, with the parameters that it has `chosen` itself. Only the API
        itself can say that there is none.
        """
        try:
            yield
            return
        except CommandError as error:
            ended = error
        except OSError as error:
            ended = file_error(error)
        except KeyboardInterrupt:
            seed = f" Its seed is {chosen['seed']}." if chosen.get("seed") else ""
            said = f"Stopped. The picture may still be drawn, and is not paid twice.{seed}"
            ended = CommandError(Exit.INTERRUPTED, said)
        if ended.status is None or ended.exit is Exit.LATER or ended.code == "timeout":
            ended.message += f" {self.same_again(**chosen)}"
        raise ended


def _words(chosen: dict[str, Any]) -> list[str]:
    """Returns the present command's name, arguments and options, without those of all commands."""
    context = click.get_current_context()
    values = {**context.params, **chosen}
    arguments, options = [str(context.info_name)], list[str]()
    for parameter in context.command.params:
        name = str(parameter.name)
        value, source = values.get(name), context.get_parameter_source(name)
        if isinstance(parameter, CommonOption) or value is None:
            continue
        if isinstance(parameter, click.Argument):
            arguments += value if isinstance(value, tuple) else [str(value)]
        elif name in chosen or source is ParameterSource.COMMANDLINE:
            flag = isinstance(parameter, click.Option) and parameter.is_flag
            options += [parameter.opts[0]] if flag else [parameter.opts[0], str(value)]
    if any(word.startswith("-") for word in arguments):
        return [arguments[0], *options, "--", *arguments[1:]]
    return arguments + options


class CommonOption(click.Option):
    """Shown in the help of `easel` alone, which says that it may stand behind a command too."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        return None if ctx.parent else super().get_help_record(ctx)


def _remember(context: click.Context, option: click.Parameter, value: Any) -> None:
    """Keeps a value. What stands behind a command is parsed later, so it wins."""
    run = context.ensure_object(Run)
    name = str(option.name)
    if context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
        setattr(run, name, value)


def _common(option: str, **attributes: Any) -> Callable[[click.decorators.FC], click.decorators.FC]:
    return click.option(
        option, cls=CommonOption, expose_value=False, callback=_remember, **attributes
    )


_COMMON_OPTIONS = (
    _common("--endpoint", metavar="URL", help=f"The API ({ENDPOINT}); default {LOCAL_URL}."),
    _common("--api-key", metavar="KEY", help=f"Its key ({API_KEY}); without one, SigV4."),
    _common("--profile", metavar="NAME", help="AWS profile for SigV4 and logs (AWS_PROFILE)."),
    _common("--region", metavar="NAME", help="AWS region, where the URL does not name it."),
    _common("--aws-endpoint", metavar="URL", help=f"The local stack's AWS ({AWS_ENDPOINT})."),
    _common(
        "--wait",
        metavar="SECONDS",
        type=click.FloatRange(min=0),
        default=PATIENCE_SECONDS,
        show_default=True,
        help="Retry once where the service asks to wait for no longer; 0 never.",
    ),
    _common("--json", is_flag=True, help="The API's JSON on stdout, nothing else."),
)


def common_options(command: click.decorators.FC) -> click.decorators.FC:
    """Gives a command, and the group of all, the options that may stand before or behind it."""
    for option in reversed(_COMMON_OPTIONS):
        command = option(command)
    return command
