"""`spinemets completion`: a script that completes verbs and flags in a shell."""

from __future__ import annotations

import argparse

from spinemets.app.cli import flags, say

HELP = "print a completion script for a shell"
DESCRIPTION = 'For bash: eval "$(spinemets completion bash)"'


def add(parser: argparse.ArgumentParser) -> None:
    """Arguments."""
    parser.add_argument("shell", choices=("bash", "zsh", "tcsh"), help="name of the shell")
    flags.listing(parser)


def run(args: argparse.Namespace) -> int:
    """Print the script."""
    import shtab

    from spinemets.app.cli.main import parser

    script = shtab.complete(parser(), shell=args.shell)
    if args.json:
        say.one_object({"schema": "spinemets-completion/1", "shell": args.shell, "script": script})
    else:
        say.result(script)
    return 0
