"""A draft -> the sections of a scenario, as its author might have laid them out.

Groups of one make share a cell. Leaves that are not the same in all its instances are among the cell's
inputs, and so is what comes from outside; other leaves are shared by name. Names are the program's: a
module's path, the variable that a line sets, or the operator's name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

from msgspec import Struct

from backprop_engine.evaluation.written_calls import application
from backprop_engine.expressions import Expr, Name, Number, SourceSpan, render
from backprop_engine.scenario.write.emit import Document, Open, Spelled, plain_number, spelled
from backprop_tui.torch.draft import DraftOperand, DraftStep, LeafRef, ModelDraft, StepRef, identifier, spelt
from backprop_tui.torch.grouping import DraftItem, ModuleGroup, grouped, homes, is_sayable

__all__ = ["arranged"]

_NOWHERE: Final = SourceSpan(0, 0)
GroupSignature: TypeAlias = tuple[object, ...]


def arranged(
    draft: ModelDraft, output: StepRef, arguments: Mapping[str, Sequence[str]], kinds: Mapping[str, str]
) -> dict[str, Document]:
    """The sections `cells`, `nodes` and `output`.

    `arguments` are what each module's forward takes, and `kinds` the modules' classes, by their paths.
    """
    return _Arrangement(draft, output, arguments, kinds).sections()


class _Make(Struct, eq=False):
    """Groups that are alike: the first of them, what each takes in, and the places that others use of one."""

    name: str
    group: ModuleGroup
    instances: list[_Taken]
    used: set[int]

    def own(self) -> list[int]:
        """Which leaves are not the same in all instances, by their places."""
        first = self.instances[0].leaves
        return [k for k, leaf in enumerate(first) if any(one.leaves[k] != leaf for one in self.instances)]


class _Taken(Struct, eq=False):
    """What a group takes from outside: values, and leaves of modules, each in the order of first use."""

    values: list[DraftOperand]
    leaves: list[str]
    make: _Make | None = None


class _Scope(Struct, eq=False):
    """Where names mean something: the top level, or a cell. `names` are those of steps, leaves and values."""

    depth: int
    taken: set[str]
    names: dict[DraftOperand, str]
    path: str = ""

    def free(self, name: str) -> str:
        """A name like `name` that nothing here has; it is then taken."""
        name, number = identifier(name), 2
        free = name
        while free in self.taken:
            free, number = f"{name}_{number}", number + 1
        self.taken.add(free)
        return free


class _Arrangement:
    def __init__(
        self,
        draft: ModelDraft,
        output: StepRef,
        arguments: Mapping[str, Sequence[str]],
        kinds: Mapping[str, str],
    ) -> None:
        self.draft, self.output, self.arguments, self.kinds = draft, output, arguments, kinds
        self.homes = homes(draft, output)
        self.items = grouped(draft, self.homes, output)
        self.makes: dict[object, _Make] = {}
        self.taken: dict[int, _Taken] = {}
        self.done: dict[str, tuple[_Scope, Document]] = {}
        self.variables = self._variables()
        users = [set[int]() for _ in draft.steps]
        for number, step in enumerate(draft.steps):
            for operand in step.operands:
                if isinstance(operand, StepRef):
                    users[operand.step].add(self.homes[number])
        self.users = users
        for item in self.items:
            if isinstance(item, ModuleGroup):
                self._compare(item)

    def sections(self) -> dict[str, Document]:
        """The sections."""
        scope = _Scope(0, set(self.draft.leaves), {LeafRef(name): name for name in self.draft.leaves})
        nodes = self._nodes(self.items, scope)
        cells = {make.name: self._cell(make) for make in self.makes.values()}
        sections: dict[str, Document] = {"cells": Open(cells)} if cells else {}
        return {**sections, "nodes": Open(nodes), "output": scope.names[self.output]}

    # Which groups are alike

    def _compare(self, group: ModuleGroup) -> tuple[GroupSignature, _Taken]:
        """What a group consists of, whatever it takes in; groups that consist of the same are one make."""
        inside: dict[int, GroupSignature] = {}
        taken = _Taken([], [])

        def told(operand: DraftOperand) -> GroupSignature:
            if isinstance(operand, float):
                return ("number", operand)
            if isinstance(operand, StepRef) and operand.step in inside:
                return inside[operand.step]
            if isinstance(operand, StepRef) and self.homes[operand.step] in own:
                return step_told(operand.step)
            if isinstance(operand, LeafRef) and self.draft.leaves[operand.leaf].path:
                return ("leaf", _place(taken.leaves, operand.leaf))
            return ("value", _place(taken.values, operand))

        def step_told(number: int) -> GroupSignature:
            step = self.draft.steps[number]
            settings = tuple((name, repr(value)) for name, value in step.attributes.items())
            return (step.op.name, settings, *map(told, step.operands))

        own = {item for item in group.items if isinstance(item, int)}
        parts: list[object] = []
        for place, item in enumerate(group.items):
            if isinstance(item, ModuleGroup):
                inner, used = self._compare(item)
                parts.append((inner, *map(told, used.values), *(told(LeafRef(leaf)) for leaf in used.leaves)))
                inside |= {step: ("part", place, number) for number, step in enumerate(item.steps())}
            else:
                parts.append((self._hint(item, group.depth + 1, group.module.path), step_told(item)))
                inside[item] = ("part", place)
        signature: GroupSignature = (group.module.kind, *parts)
        known = self.makes.get(signature)
        if known is None:
            name = group.module.kind
            number = sum(make.name.rstrip("0123456789_") == name for make in self.makes.values())
            known = _Make(identifier(f"{name}_{number + 1}" if number else name), group, [], set())
            self.makes[signature] = known
        known.instances.append(taken)
        known.used |= self._used(group)
        taken.make = known
        self.taken[id(group)] = taken
        return signature, taken

    def _used(self, group: ModuleGroup) -> set[int]:
        """The steps of a group that others use, by their places in it."""
        steps = set(group.steps())
        return {
            place
            for place, item in enumerate(group.items)
            if isinstance(item, int) and (not self.users[item] <= steps or item == self.output.step)
        }

    # Names

    def _variables(self) -> dict[int, str]:
        """The variable that a step's line assigns, if the step is the line's last and no other line assigns
        it.
        """
        lines: dict[tuple[object, ...], int] = {}
        for number, home in enumerate(self.homes):
            origin = self.draft.steps[number].origin
            if number == home and origin.frame:
                lines[tuple(module.key for module in origin.modules), origin.frame, origin.item] = number
        found: dict[tuple[object, str], list[int]] = {}
        for (modules, *_), number in lines.items():
            name = self.draft.steps[number].origin.variable
            if name:
                found.setdefault((modules, name), []).append(number)
        return {numbers[0]: name for (_, name), numbers in found.items() if len(numbers) == 1}

    def _hint(self, number: int, depth: int, path: str) -> str:
        """What a step is called within modules up to `depth`, the last of which has this path."""
        step = self.draft.steps[number]
        modules = step.origin.modules[depth:]
        if not modules:
            variable = self.variables.get(number, "")
            if variable and variable not in self.arguments.get(path, ()):
                return variable
            return "loss" if number == self.output.step and not step.shape else step.op.name
        return spelt(modules[-1].path, path, self.kinds)

    # What is written

    def _nodes(self, items: Sequence[DraftItem], scope: _Scope) -> dict[str, Document]:
        nodes: dict[str, Document] = {}
        for item in items:
            if isinstance(item, int):
                definition = self._definition(item, scope)
                name = scope.free(self._hint(item, scope.depth, scope.path))
                scope.names[StepRef(item)] = name
            else:
                make = self.taken[id(item)].make
                assert make is not None
                definition = self._instance(item, make, scope)
                name = scope.free(spelt(item.module.path, scope.path, self.kinds))
                inner = self._scope(make)
                for own, step in zip(make.group.items, item.items, strict=True):
                    if isinstance(own, int) and isinstance(step, int):
                        scope.names[StepRef(step)] = f"{name}.{inner.names[StepRef(own)]}"
            nodes[name] = definition
        return nodes

    def _instance(self, group: ModuleGroup, make: _Make, scope: _Scope) -> Document:
        taken, inner = self.taken[id(group)], self._scope(make)
        first = make.instances[0]
        inputs: dict[str, Document] = {}
        for own, value in zip(first.values, taken.values, strict=True):
            inputs[inner.names[own]] = scope.names[value]
        for place in make.own():
            inputs[inner.names[LeafRef(first.leaves[place])]] = scope.names[LeafRef(taken.leaves[place])]
        return {"cell": make.name, "inputs": inputs}

    def _scope(self, make: _Make) -> _Scope:
        """The names within a cell."""
        return self._written(make)[0]

    def _cell(self, make: _Make) -> Document:
        """A cell."""
        return self._written(make)[1]

    def _written(self, make: _Make) -> tuple[_Scope, Document]:
        if make.name in self.done:
            return self.done[make.name]
        group, first = make.group, make.instances[0]
        path, own = group.module.path, [first.leaves[place] for place in make.own()]
        shared: dict[DraftOperand, str] = {LeafRef(leaf): leaf for leaf in first.leaves if leaf not in own}
        scope = _Scope(group.depth + 1, set(shared.values()), shared, path)
        arguments = self.arguments.get(path, ())
        for number, value in enumerate(first.values, 1):
            several = f"x{number}" if len(first.values) > 1 else ""
            scope.names[value] = scope.free(several or next(iter(arguments), "x"))
        for leaf in own:
            scope.names[LeafRef(leaf)] = scope.free(self._local(leaf, path))
        inputs = [scope.names[value] for value in first.values] + [scope.names[LeafRef(leaf)] for leaf in own]
        nodes = self._nodes(group.items, scope)
        outputs = [
            scope.names[StepRef(item)]
            for place, item in enumerate(group.items)
            if place in make.used and isinstance(item, int)
        ]
        self.done[make.name] = scope, {"inputs": inputs, "nodes": Open(nodes), "outputs": outputs}
        return self.done[make.name]

    def _local(self, leaf: str, path: str) -> str:
        """What a leaf is called within the module at `path`."""
        whole = self.draft.leaves[leaf].path
        return spelt(whole, path if whole.startswith(f"{path}.") else "", self.kinds) if whole else leaf

    def _definition(self, number: int, scope: _Scope) -> Document:
        step = self.draft.steps[number]
        if is_sayable(step):
            return render(self._expression(step, scope))
        form: dict[str, Document] = {"op": step.op.name}
        form["inputs"] = [self._named(operand, scope) for operand in step.operands]
        for attribute in step.op.attributes:
            if step.attributes[attribute.name] != attribute.default:
                form[attribute.name] = _plain(step.attributes[attribute.name])
        return form

    def _named(self, operand: DraftOperand, scope: _Scope) -> Document:
        return _plain(operand) if isinstance(operand, float) else scope.names[operand]

    def _expression(self, step: DraftStep, scope: _Scope) -> Expr:
        operands = [self._operand(operand, scope) for operand in step.operands]
        return application(step.op, operands, step.attributes)

    def _operand(self, operand: DraftOperand, scope: _Scope) -> Expr:
        if isinstance(operand, float):
            return Number(plain_number(operand), _NOWHERE)
        if operand not in scope.names and isinstance(operand, StepRef):
            return self._expression(self.draft.steps[operand.step], scope)
        return Name(scope.names[operand], _NOWHERE)


def _place(known: list[Any], one: Any) -> int:
    """The place of `one` among those that are known; it is added if it is not."""
    if one not in known:
        known.append(one)
    return known.index(one)


def _plain(value: Any) -> Document:
    """The value of a setting in the long form."""
    if isinstance(value, bool):
        return Spelled("true" if value else "false")
    if value is None or isinstance(value, str):
        return Spelled("null") if value is None else value
    return [_plain(one) for one in value] if isinstance(value, list | tuple) else spelled(plain_number(value))
