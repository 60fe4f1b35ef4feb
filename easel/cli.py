"""The command `easel`: its commands, and how each of them ends.

What takes long to import is imported by the commands that need it.
"""

import sys
from collections.abc import Sequence
from contextlib import suppress
from itertools import takewhile
from typing import Any

import click
from click.shell_completion import get_completion_class

from easel import __version__, display
from easel.batch import batch
from easel.delete import delete
from easel.draw import draw
from easel.examine import doctor, smoke
from easel.exits import MEANINGS, CommandError, Exit, file_error
from easel.library import list_, show
from easel.models import models, styles
from easel.rerun import rerun
from easel.run import CommonOption, Run, common_options
from easel.trace import trace
from easel.ui import ui

# Longer than what any command says of itself.
_UNCUT = 1_000

COMPLETE_VARIABLE = "_EASEL_COMPLETE"


class CommandGroup(click.Group):
    """Errors are one line, and have exit codes. With --json they are JSON on stdout too."""

    def main(self, *args: Any, **options: Any) -> Any:
        given = args[0] if args else options.get("args")
        words = sys.argv[1:] if given is None else given
        run = options["obj"] = options.get("obj") or Run()
        options |= {"standalone_mode": False, "complete_var": COMPLETE_VARIABLE}
        options["prog_name"] = "easel"
        try:
            code = super().main(*args, **options)
        except CommandError as error:
            code = _end(run, words, error)
        except click.exceptions.NoArgsIsHelpError as error:
            error.show()
            code = Exit.USAGE
        except click.UsageError as error:
            common = isinstance(getattr(error, "param", None), CommonOption)
            path = error.ctx.command_path if error.ctx and not common else "easel"
            message = f"{error.format_message()} See {path} --help."
            code = _end(run, words, CommandError(Exit.USAGE, message))
        except OSError as error:
            code = _end(run, words, file_error(error))
        except UnicodeEncodeError:
            code = _end(run, words, CommandError(Exit.USAGE, "This is not text in UTF-8."))
        except click.Abort:
            code = _end(run, words, CommandError(Exit.INTERRUPTED, "Stopped."))
        sys.exit(code if isinstance(code, int) else Exit.OK)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes what each command does, in more than one line where it has to: click cuts it."""
        commands = [(name, self.commands[name]) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl([(name, each.get_short_help_str(_UNCUT)) for name, each in commands])

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Exit codes"):
            formatter.write_dl([(str(int(exit)), each) for exit, each in MEANINGS.items()])


def _end(run: Run, words: Sequence[str], error: CommandError) -> Exit:
    """Says what ended a command, and returns its exit code."""
    # A wrong command line ends before its options are read.
    if not run.said_json and "--json" in takewhile(lambda word: word != "--", words):
        with suppress(OSError):  # stdout may be what failed
            display.say_json(error.answer or error.json)
    display.note(f"easel: {error.message}")
    return error.exit


@click.group(cls=CommandGroup, context_settings={"help_option_names": ["-h", "--help"]})
@common_options
@click.version_option(__version__, message="easel %(version)s")
def main() -> None:
    """Pictures from prompts, by the local stack (make run) or a deployment (--endpoint).

    These options may stand before or behind the command. easel completion SHELL prints what
    completes commands, models and styles.
    """


@main.command()
@click.argument("shell", type=click.Choice(("bash", "zsh", "fish")))
@common_options
def completion(shell: str) -> None:
    """Print SHELL's completion: eval "$(easel completion bash)"."""
    completes = get_completion_class(shell)
    if completes is None:
        raise click.UsageError(f"There is no completion for {shell}.")
    click.echo(completes(main, {}, "easel", COMPLETE_VARIABLE).source())


for command in (
    draw, batch, show, rerun, list_, delete, trace, ui, models, styles, doctor, smoke
):  # fmt: skip
    main.add_command(command)
