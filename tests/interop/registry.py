"""The table of tests: a decorator that puts them in, and their expansion to one case for each pair of programs."""

import dataclasses
import typing

CASES_OF = []

# Which programs a test joins: nacre-ssh to an OpenSSH server, an OpenSSH client to nacre-sshd, nacre to itself.
OUT, IN, OWN = "out", "in", "own"
ALL = (OUT, IN, OWN)


class Skip(Exception):
    """This test cannot run here; the words say why."""


class Failure(Exception):
    """What was expected and what was seen."""


@dataclasses.dataclass
class Definition:
    name: str
    function: typing.Callable
    pairs: tuple
    each: typing.Any  # values, or a function of (client, server) that gives them; a case for each
    quick: typing.Any  # True, or the values of `each` that are quick
    alone: bool  # not beside other tests: it fills a core, or measures
    limit: float  # seconds


@dataclasses.dataclass
class Case:
    name: str
    definition: Definition
    client: typing.Any
    server: typing.Any
    value: typing.Any
    quick: bool


def test(name, pairs=ALL, each=None, quick=False, alone=False, limit=60.0):
    """Puts a test in the table. The function gets the context, and the value of `each` where there is one."""

    def put(function):
        CASES_OF.append(Definition(name, function, tuple(pairs), each, quick, alone, limit))
        return function

    return put


def expand(nacre, peers):
    """Every case, for each peer there is. The quick ones use one peer a direction: the last, which is the newest."""
    cases = []
    for definition in CASES_OF:
        joined = []
        if OUT in definition.pairs:
            joined += [(nacre, peer) for peer in peers]
        if IN in definition.pairs:
            joined += [(peer, nacre) for peer in peers]
        if OWN in definition.pairs:
            joined.append((nacre, nacre))
        for client, server in joined:
            values = definition.each
            if callable(values):
                values = values(client, server)
            newest = {nacre, peers[-1]} if peers else {nacre}
            for value in [None] if values is None else values:
                name = definition.name if value is None else f"{definition.name}.{value}"
                quick = definition.quick if isinstance(definition.quick, bool) else value in definition.quick
                quick = quick and client in newest and server in newest
                cases.append(Case(f"{name}[{client.label}>{server.label}]", definition, client, server, value, quick))
    return cases
