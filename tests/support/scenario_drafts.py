"""Valid scenarios at random, as plain values: the whole format, with shapes that fit.

`draft` gives a map from sections to values, for `yaml_styles.Printer` to print; leaves from files find theirs
in the folder that `write_data` was given.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any, Final, TypeAlias

import numpy as np

from backprop_engine.ops import OPS
from backprop_engine.optim import OPTIMIZERS, SCHEDULES
from operator_drafts import OwnOperator, own_operator
from yaml_styles import Number

__all__ = ["draft", "write_data"]

Shape: TypeAlias = tuple[int, ...]
Env: TypeAlias = dict[str, Shape]

_HARD_NAMES: Final = (
    "가중치", "σ1", "Δt", "é", "ñandú", "変数", "имя", "n", "on", "off", "yes", "no", "null", "inf", "nan",
    "e1", "sum", "index", "norm", "grad", "T", "op", "expr", "inputs", "cell", "x", "y", "W", "b", "h_prev",
    "_a", "Q",
)  # fmt: skip
NAMES: Final = (*_HARD_NAMES, *(f"{letter}{number}" for letter in "abo" for number in range(1, 8)))
TEXTS: Final = (
    "A short title", "두 줄의\n설명입니다.\n", "word " * 40 + "end", "Colon: and # hash", "- dash", "null",
    "2024", "", "\x1b[31mred\x07", "tab\there", "trailing ", " leading", "one\n\n  two\nthree",
    "\"quoted\" and 'so'", "ends with:", "\u202eevil", "…", "🙂 emoji", "{not: a map}", "[x, y]", "*star",
    "&amp", "x" * 130, "~", "!tag", "line\u2028separator", "\n", "a\r\nb", "%percent", "@at", "`tick`",
    "0x1F", "1e999", "가나다라마바사아자차카타파하 " * 8 + "끝",
)  # fmt: skip
_SCENARIOS: Final = ("add_multiply", "이웃", "two words")
SHAPES: Final[tuple[Shape, ...]] = ((), (), (2,), (3,), (2, 3), (3, 2), (2, 2))
NUMBERS: Final = ("2", "0.5", "1e-3", ".5", "3.", "10", "0", "2.50", "7e0")
LEAF_NUMBERS: Final = (
    "0", "1", "-1", "0.5", "-2.25", "1e-3", "+3", ".5", "1.", "010", "0x1F", "0o17", "1E2", ".inf", "-.INF",
    ".nan", "true", "FALSE", "1e-320", "-0.0", "0.1", "3.141592653589793",
)  # fmt: skip
UNARY: Final = (
    "tanh", "sigmoid", "relu", "exp", "log", "sqrt", "abs", "sin", "softplus", "square", "neg", "erf",
    "mish", "detach", "identity",
)  # fmt: skip
SYMBOLS: Final = ("+", "-", "*", "/", "**", " + ", " - ", " * ", " / ", " ** ")
# `{2,3}` stands for an expression of that shape, `<2,3>` for one that needs no brackets; M and N are sizes.
SCALARS: Final = (
    "sum({2,3})", "mean({3})", "(<3> @ <3>)", "<3>[-1]", "<2,3>[0, 1]", "<2,3>[-1][ 2 ]", "prod({3})",
    'mse({2}, {2}, reduction="sum")', "mae({2}, target={2})", "norm({2,2})", "sum({2}, axis=0)",
    "sum({3,2}, axis=[0, -1])", "dot({2}, {2})", "neg({})",
)  # fmt: skip
VECTORS: Final = (
    "softmax({N})", "(<N,2> @ <2>)", "<2,N>[0]", "<N,2>[:, 1]", "sum({2,N}, axis=0)", "<N>[::-1]",
    "flip({N})", "cumsum({N}, axis=0)", "mean({N,3}, axis=1, keepdims=false)", "layer_norm({N}, eps=0.1)",
    "(<3> @ <3,N>)", "reshape({N}, shape=[-1])", "sum(<N,3>[:, 1:], axis=-1)",
)  # fmt: skip
MATRICES: Final = (
    "(<M,2> @ <2,N>)", "<N,M>.T", "outer({M}, {N})", "softmax({M,N}, axis=-1)", "hadamard({M,N}, {M,N})",
    "<M,N>[:, ::-1]", "transpose({N,M})", "(<3,M>.T @ <2,3>.T @ <2,N>)", "reshape({N,M}, shape=[-1, N])",
    'einsum({M,2}, {2,N}, subscripts="ij,jk->ik")',
)  # fmt: skip
COMPARISONS: Final = ("<", "<=", ">", ">=", "==", "!=")


def write_data(folder: Path) -> None:
    """The files that leaves are read from."""
    (folder / "table.csv").write_text("a,b,c\n1,2,3\n4,5,6\n7,8,9\n")
    np.save(folder / "array.npy", np.arange(6.0).reshape(2, 3))
    np.savez(folder / "arrays.npz", v=np.arange(3.0), m=np.eye(2))


def draft(random: Random) -> dict[str, Any]:
    """The sections of a scenario, in any order."""
    return _Draft(random).sections()


class _Draft:
    """One scenario on its way: what is known so far by name, and what was used."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.free = list(NAMES)
        random.shuffle(self.free)
        self.leaves: dict[str, dict[str, Any]] = {"inputs": {}, "params": {}, "constants": {}}
        self.top: Env = {}
        self.operators: dict[str, OwnOperator] = {}
        self.used: dict[str, None] = {}
        self.cells: dict[str, Any] = {}
        self.signatures: dict[str, tuple[Env, Env, Env]] = {}
        """Of each cell: its inputs, its nodes, and what it gives out."""
        self.nodes: dict[str, Any] = {}
        self.outputs: Env = {}
        """Nodes that the backward pass may start from."""
        self.noted: dict[str, None] = {}

    # Choices

    def some(self, *choices: Any) -> Any:
        return self.random.choice(choices)

    def chance(self, part: float) -> bool:
        return self.random.random() < part

    def name(self) -> str:
        return self.free.pop() if self.free else f"node_{len(self.top)}_{len(self.nodes)}_{len(self.used)}"

    def inner_name(self) -> str:
        """A name of a cell's node: `one.T` would be a transpose."""
        name = self.name()
        return name if name != "T" else self.name()

    def spelled(self, name: str) -> str:
        """A name as it is looked up, or in another form of the same characters."""
        return name if name.isascii() or self.chance(0.8) else unicodedata.normalize("NFD", name)

    def text(self) -> str:
        return str(self.random.choice(TEXTS))

    def texts(self) -> Any:
        """A text, in one language or by language."""
        if self.chance(0.6):
            return self.text()
        return {
            language: self.text() for language in self.some(("en", "ko"), ("ko",), ("en", "de-CH", "zh-Hant"))
        }

    # The whole

    def sections(self) -> dict[str, Any]:
        for _ in range(self.random.randrange(1, 5)):
            self.leaf(self.random.choice(SHAPES))
        self.leaf((), section="inputs")
        for _ in range(self.some(0, 0, 0, 1, 2)):
            self.operator()
        for _ in range(self.some(0, 0, 1, 2)):
            self.cell()
        for _ in range(self.random.randrange(1, 5)):
            self.unit()
        if not self.outputs:
            name = self.name()
            self.nodes[name], self.top[name] = self.chain(self.top, (), 1), ()
            self.outputs[name] = ()
        sections: dict[str, Any] = {
            key: value for key, value in self.leaves.items() if value or self.chance(0.1)
        }
        nodes = list(self.nodes.items())
        self.random.shuffle(nodes)
        sections["nodes"] = {self.spelled(name): node for name, node in nodes}
        if self.cells:
            cells = list(self.cells.items())
            self.random.shuffle(cells)
            sections["cells"] = dict(cells)
        if self.operators:
            sections["operators"] = {
                self.spelled(name): self.shuffled(operator.parts) for name, operator in self.operators.items()
            }
        self.ending(sections)
        self.extras(sections)
        order = list(sections.items())
        self.random.shuffle(order)
        return dict(order)

    def ending(self, sections: dict[str, Any]) -> None:
        """The output, which may be left out where it is the only end, and its seed."""
        ends = [name for name in self.nodes if name not in self.used]
        output = self.random.choice(list(self.outputs))
        if not self.cells and len(ends) == 1 and ends[0] in self.outputs and self.chance(0.7):
            output = ends[0]
        else:
            sections["output"] = output
        shape = self.outputs[output]
        if shape or self.chance(0.2):
            sections["seed"] = self.numbers(self.some((), shape))

    def extras(self, sections: dict[str, Any]) -> None:
        """The sections that may be missing."""
        for key in ("title", "description"):
            if self.chance(0.5):
                sections[key] = self.texts()
        if self.chance(0.3):
            sections["source"] = self.text()
        if self.chance(0.4):
            sections["dtype"] = self.some("float64", "float32", "float16")
        steps = None
        if self.chance(0.4):
            sections["train"] = self.training()
            steps = int(sections["train"]["steps"].text)
        if self.chance(0.6):
            blocks = [self.block(steps or 0) for _ in range(self.random.randrange(1, 4))]
            sections["expect"] = blocks[0] if len(blocks) == 1 and self.chance(0.7) else blocks
        if self.chance(0.5):
            named = [name for name in self.known() if name not in self.noted and "[-" not in name]
            sections["notes"] = {name: self.texts() for name in self.random.sample(named, min(len(named), 2))}
        if self.chance(0.3):
            sections["objective"] = self.texts()
        if self.chance(0.3):
            sections["requires"] = self.random.sample(_SCENARIOS, 2)
        if self.chance(0.3):
            sections["next"] = self.some(_SCENARIOS[0], list(_SCENARIOS), [])
        if self.chance(0.4):
            sections["ask"] = self.asks()
        if self.chance(0.3):
            sections["watch"] = [self.chain(self.top, self.random.choice(SHAPES), 1) for _ in range(2)]
        if self.chance(0.3):
            sections["breakpoints"] = self.random.sample(self.stops(), 2)

    def asks(self) -> dict[str, Any]:
        """Questions about nodes: numbers, expressions and choices, alone and several."""
        named = self.random.sample(list(self.outputs), min(len(self.outputs), 2))
        return {self.spelled(name): self.some(self.ask, lambda: [self.ask(), self.ask()])() for name in named}

    def ask(self) -> dict[str, Any]:
        """A question about the value of a node, with everything that may stand there."""
        ask: dict[str, Any] = {"question": self.texts()}
        if self.chance(0.4):
            choices = self.some(["it grows", "it shrinks", "0"], [{"en": "yes", "ko": "네"}, {"en": "no"}])
            ask |= {"choices": choices, "answer": self.random.choice(choices)}
        else:
            shape = self.random.choice(SHAPES)
            ask["answer"] = self.some(self.numbers(shape), self.chain(self.known(), shape, 1))
        if self.chance(0.5):
            ask["hint"] = self.texts()
        if self.chance(0.3) or isinstance(ask["answer"], str):  # a node behind no gradient has one question
            ask["when"] = "forward"
        return self.shuffled(ask)

    def known(self) -> Env:
        """Leaves and nodes that texts and figures may name."""
        leaves = (_normal(name) for section in self.leaves.values() for name in section)
        return {name: self.top[name] for name in leaves} | self.outputs

    def stops(self) -> list[str]:
        name = self.random.choice(list(self.known()))
        return [
            name,
            "op relu",
            "phase backward",
            f"{name} if norm(grad) < 1e-6",
            f"{name} if max(abs(value)) > 1",
        ]

    # Leaves

    def leaf(self, shape: Shape, *, section: str = "") -> str:
        name = self.name()
        section = section or self.some("inputs", "params", "constants")
        self.leaves[section][self.spelled(name)] = self.leaf_value(shape)
        self.top[name] = shape
        return name

    def leaf_value(self, shape: Shape) -> Any:
        """The numbers of a leaf in one of the forms that the shape allows."""
        from_files = self.from_file(shape)
        if from_files and self.chance(0.3):
            return self.random.choice(from_files)
        return self.some(self.numbers, self.filled)(shape)

    def numbers(self, shape: Shape) -> Any:
        """Numbers as nested lists."""
        if not shape:
            return Number(self.random.choice(LEAF_NUMBERS))
        return [self.numbers(shape[1:]) for _ in range(shape[0])]

    def filled(self, shape: Shape) -> dict[str, Any]:
        """A shape and how it is filled, its keys in any order."""
        inits = ["zeros", "ones", "arange", "constant", "normal", "uniform"]
        if len(shape) == 2 and self.chance(0.8):
            inits = ["eye", "xavier_uniform", "xavier_normal", "he_uniform", "he_normal"]
        init = self.random.choice(inits)
        leaf: dict[str, Any] = {"shape": [Number(str(size)) for size in shape], "init": init}
        if init == "constant":
            leaf["value"] = Number(self.random.choice(LEAF_NUMBERS[:9]))
        for setting in {"normal": ("mean", "std"), "uniform": ("low", "high")}.get(init, ()):
            if self.chance(0.5):
                leaf[setting] = Number(self.random.choice(NUMBERS))
        if init in ("normal", "uniform") or init.startswith(("xavier", "he")):
            leaf["seed"] = Number(self.some("0", "7", "123456789012345678901234567890"))
        if init.startswith(("xavier", "he")) and self.chance(0.5):
            leaf["fan"] = "transposed"
        return self.shuffled(leaf)

    def from_file(self, shape: Shape) -> list[dict[str, Any]]:
        table: dict[str, Any] = {"file": "table.csv"}
        n = Number
        match shape:
            case (2, 3):
                return [table | {"rows": "0:2"}, {"file": "array.npy"}, table | {"rows": [n("-1"), n("0")]}]
            case (3,):
                return [
                    table | {"columns": "b"},
                    table | {"columns": n("2"), "dtype": "int"},
                    {"file": "arrays.npz", "key": "v"},
                    {"file": "array.npy", "rows": n("1")},
                ]
            case (3, 2):
                return [
                    table | {"columns": ["a", n("2")], "dtype": "float"},
                    table | {"columns": [n("0"), n("1")]},
                ]
            case (2, 2):
                return [{"file": "arrays.npz", "key": "m"}, table | {"columns": ["c", "a"], "rows": "::2"}]
            case ():
                return [table | {"columns": "a", "rows": n("0")}]
        return []

    # Expressions

    def operator(self) -> None:
        """Add an operator of the file's own, made of those of the table."""
        name = self.name()
        if name in OPS or name == "grad":
            return
        known, self.operators = self.operators, {}
        operator = own_operator(self.random, SHAPES, lambda env, shape: self.chain(env, shape, 2), self.texts)
        self.operators = known | {name: operator}

    def own(self, shape: Shape) -> list[str]:
        """Templates of calls of the file's operators that give this shape."""
        calls = []
        for name, operator in self.operators.items():
            if operator.out == shape:
                operands = ("{" + ",".join(map(str, one)) + "}" for one in operator.operands)
                calls.append(f"{self.spelled(name)}({', '.join(operands)})")
        return calls

    def chain(self, env: Env, shape: Shape, depth: int) -> str:
        """Terms of one shape joined elementwise, where any precedence gives that shape."""
        text = self.term(env, shape, depth)
        for _ in range(self.some(0, 0, 1, 2) if depth > 0 else 0):
            other = self.random.choice((shape, shape, (), shape[1:]))
            symbol = self.random.choice(SYMBOLS)
            term = self.random.choice(NUMBERS) if self.chance(0.3) else self.term(env, other, depth - 1)
            minus = "-" if self.chance(0.15) else ""
            text = f"{text}{symbol}{minus}{term}" if self.chance(0.7) else f"({minus}{term}){symbol}{text}"
        return f"-{text}" if self.chance(0.1) else text

    def inner(self, env: Env, shape: Shape, depth: int) -> str:
        """An operand in brackets, unless it is a single term."""
        text = self.term(env, shape, depth)
        return text if self.chance(0.6) else f"({self.chain(env, shape, depth)})"

    def term(self, env: Env, shape: Shape, depth: int) -> str:
        """A name, a call, or a product, as tight as a name."""
        if depth <= 0 or self.chance(0.35):
            return self.named(env, shape)
        return self.random.choice((self.cell_by_cell, self.cell_by_cell, self.shaped))(env, shape, depth - 1)

    def named(self, env: Env, shape: Shape) -> str:
        """A name of this shape, or what makes one of a single number."""
        names = [name for name, known in env.items() if known == shape]
        if names:
            name = self.random.choice(names)
            self.used[name.partition(".")[0].partition("[")[0]] = None
            return self.spelled(name)
        return f"broadcast_to({self.named(env, ())}, shape={list(shape)})"

    def filled_in(self, env: Env, depth: int, templates: Sequence[str]) -> str:
        """One of the templates, with an expression for each `{2,3}` and a tight one for each `<2,3>`."""

        def operand(found: re.Match[str]) -> str:
            sizes = tuple(int(size) for size in found[2].split(",") if size)
            return (self.chain if found[1] == "{" else self.inner)(env, sizes, depth)

        return re.sub(r"([{<])([\d,]*)[}>]", operand, self.random.choice(templates))

    def cell_by_cell(self, env: Env, shape: Shape, depth: int) -> str:
        """A call or a bracket of operands with this shape."""
        a, tight = (mark.format(",".join(map(str, shape))) for mark in ("{{{}}}", "<{}>"))
        condition = f"{tight} {self.random.choice(COMPARISONS)} {a}"
        templates = [
            *(f"{name}({a})" for name in self.random.sample(UNARY, 3)),
            f"clip({a}, min=-1, max=1.5)", f"leaky_relu({a}, negative_slope=1e-2)", f"clip( {a} ,max = 2 )",
            f'gelu({a}, approximate="tanh")', f"gelu({a}, approximate='none',)", f"maximum(b={a}, a={a})",
            f"minimum({a}, b={a})", f"add({a}, {a})", f"where({condition}, {a}, {a})", f"({a})",
            f"({self.random.choice(NUMBERS)} * ({condition}))",
        ]  # fmt: skip
        return self.filled_in(env, depth, templates)

    def shaped(self, env: Env, shape: Shape, depth: int) -> str:
        """A call, a product or an index whose operands have other shapes."""
        templates: Sequence[str] = SCALARS
        if len(shape) == 1:
            templates = [one.replace("N", str(shape[0])) for one in VECTORS]
        elif len(shape) == 2:
            rows, columns = map(str, shape)
            templates = [one.replace("M", rows).replace("N", columns) for one in MATRICES]
            templates.append(f"stack({', '.join([f'{{{columns}}}'] * shape[0])})")
        return self.filled_in(env, depth, [*templates, *self.own(shape) * 5])

    def loose(self, expression: str) -> str:
        """An expression with more space in it, perhaps on several lines."""
        return expression.replace(" ", self.some(" ", " ", " ", " ", "  ", "\n  ", "\t"))

    # Nodes

    def unit(self) -> None:
        """Add a node, or instances of a cell."""
        if self.signatures and self.chance(0.5):
            self.some(self.instance, self.scan)()
            return
        name = self.name()
        shape = self.random.choice(SHAPES)
        if self.chance(0.08):
            compared = self.chain(self.top, shape, 1)
            node: Any = f"({compared}) {self.random.choice(COMPARISONS)} {self.inner(self.top, shape, 1)}"
        else:
            node = self.node(self.top, shape)
            self.outputs[name] = shape
        if isinstance(node, dict) and "note" in node:
            self.noted[name] = None
        self.nodes[name] = node
        self.top[name] = shape

    def node(self, env: Env, shape: Shape) -> Any:
        """A node of any form but an instance."""
        if self.chance(0.3):
            return self.long_form(env, shape)
        expression = self.named(env, shape) if self.chance(0.1) else self.loose(self.chain(env, shape, 3))
        if self.chance(0.75):
            return expression
        return self.shuffled({"expr": expression} | ({"note": self.texts()} if self.chance(0.7) else {}))

    def long_form(self, env: Env, shape: Shape) -> dict[str, Any]:
        """An operator with its operands by name."""

        def of(*sizes: int) -> str:
            return self.named_only(env, sizes)

        n = Number
        number = n(self.random.choice(("2", "-0.5", ".inf", "1e-3", ".nan")))
        forms: list[Callable[[], dict[str, Any]]] = [
            lambda: {"op": self.some("add", "mul", "maximum"), "inputs": [of(*shape), of(*shape)]},
            lambda: {"op": self.some("add", "mul", "maximum"), "inputs": [of(*shape), number]},
            lambda: {"op": "sub", "b": of(*shape), "a": number},
            lambda: {"op": self.random.choice(UNARY), "inputs": [of(*shape)]},
            lambda: {
                "op": "clip",
                "inputs": [of(*shape)],
                "min": n("-1"),
                "max": n(self.some("null", "~", ".inf")),
            },
            lambda: {"op": "gelu", "inputs": [of(*shape)], "approximate": self.some("tanh", "none")},
            lambda: {"op": "where", "condition": of(*shape), "inputs": [], "a": of(*shape), "b": number},
        ]
        match shape:
            case ():
                forms += [
                    lambda: {"op": "sum", "inputs": [of(2, 3)], "axis": [n("0"), n("1")]},
                    lambda: {"op": "mse", "inputs": [of(3)], "target": of(3), "reduction": "sum"},
                    lambda: {"op": "index", "inputs": [of(2)], "key": n("-1")},
                    lambda: {"op": "index", "inputs": [of(2, 2)], "key": [n("0"), n("1")]},
                ]
            case (rows, columns):
                forms += [
                    lambda: {
                        "op": "einsum",
                        "inputs": [of(rows, 2), of(2, columns)],
                        "subscripts": "ij,jk->ik",
                    },
                    lambda: {
                        "op": "reshape",
                        "inputs": [of(columns, rows)],
                        "shape": [n(str(rows)), n("-1")],
                    },
                    lambda: {"op": "stack", "inputs": [of(columns) for _ in range(rows)], "axis": n("0")},
                ]
        forms += [
            lambda name=name, operator=operator: {
                "op": self.spelled(name),
                "inputs": [of(*one) for one in operator.operands],
            }
            for name, operator in self.operators.items()
            if operator.out == shape
        ]
        form = self.random.choice(forms)()
        if self.chance(0.3):
            form["note"] = self.texts()
        return self.shuffled(form)

    def named_only(self, env: Env, shape: Shape) -> str:
        """The name of something of this shape: a leaf is made where there is none."""
        names = [name for name, known in env.items() if known == shape]
        if not names:
            env[name := self.leaf(shape)] = shape
            return name
        return self.named(dict.fromkeys(names, shape), shape)

    # Cells

    def cell(self) -> None:
        """Add a cell that uses leaves, and perhaps cells before it."""
        name = self.name()
        inputs = {self.name(): self.random.choice(SHAPES) for _ in range(self.random.randrange(1, 4))}
        env = dict(self.top) | inputs
        nodes: dict[str, Any] = {}
        local: Env = {}
        for _ in range(self.random.randrange(1, 4)):
            own = self.inner_name()
            if self.signatures and self.chance(0.3):
                used = self.random.choice(list(self.signatures))
                nodes[own] = {"cell": used, "inputs": self.arguments(env, self.signatures[used][0])}
                env |= {f"{own}.{output}": shape for output, shape in self.signatures[used][2].items()}
                continue
            shape = self.random.choice(SHAPES)
            nodes[own] = self.node(env, shape)
            env[own] = local[own] = shape
        if not local:
            own = self.inner_name()
            nodes[own], local[own] = self.chain(env, (), 1), ()
        gives = dict(self.random.sample(list(local.items()), self.random.randrange(1, len(local) + 1)))
        if self.chance(0.3):
            self.free += [*inputs, *local]  # the same names may stand in other cells and at the top
        self.cells[name] = self.shuffled({"inputs": list(inputs), "nodes": nodes, "outputs": list(gives)})
        self.signatures[name] = (inputs, local, gives)

    def arguments(self, env: Env, inputs: Env, *, expressions: bool = True) -> dict[str, Any]:
        """What the inputs of a cell are given."""
        given: dict[str, Any] = {}
        for name, shape in inputs.items():
            if not shape and self.chance(0.3):
                given[name] = Number(self.some("0.5", "-2"))
            elif expressions and self.chance(0.4):
                given[name] = self.loose(f"({self.chain(env, shape, 1)})")
            else:
                given[name] = self.named_only(env, shape)
        return self.shuffled(given)

    def instance(self) -> None:
        """Add an instance of a cell."""
        name, cell = self.name(), self.random.choice(list(self.signatures))
        inputs, _, gives = self.signatures[cell]
        note = {"note": self.texts()} if self.chance(0.2) else {}
        self.nodes[name] = self.shuffled({"cell": cell, "inputs": self.arguments(self.top, inputs)} | note)
        for output, shape in gives.items():
            self.top[f"{name}.{output}"] = self.outputs[f"{name}.{output}"] = shape

    def scan(self) -> None:
        """Unroll a cell over a new leaf; an input that a node has the shape of may be carried."""
        name, cell = self.name(), self.random.choice(list(self.signatures))
        inputs, local, gives = self.signatures[cell]
        length = self.random.randrange(1, 4)
        first, *others = self.random.sample(list(inputs), len(inputs))
        over = {first: self.leaf((length, *inputs[first]))}
        carry: dict[str, Any] = {}
        rest: Env = {}
        for one in others:
            fitting = [node for node, shape in local.items() if shape == inputs[one]]
            if fitting and self.chance(0.7):
                init = self.arguments(self.top, {one: inputs[one]}, expressions=False)[one]
                carry[one] = self.shuffled({"init": init, "next": self.random.choice(fitting)})
            else:
                rest[one] = inputs[one]
        form: dict[str, Any] = {"scan": cell, "over": over}
        form |= {"carry": carry} if carry else {}
        form |= {"inputs": self.arguments(self.top, rest, expressions=False)} if rest else {}
        form |= {"note": self.texts()} if self.chance(0.2) else {}
        self.nodes[name] = self.shuffled(form)
        for output, shape in gives.items():
            self.top[f"{name}.{output}"] = (length, *shape)
            for index in (0, length - 1, -1):
                self.top[f"{name}[{index}].{output}"] = self.outputs[f"{name}[{index}].{output}"] = shape

    # Expectations and training

    def block(self, steps: int) -> dict[str, Any]:
        """A block of expectations."""
        block: dict[str, Any] = {}
        iteration = self.random.randrange(steps + 1)
        if iteration or self.chance(0.2):
            block["iteration"] = Number(str(iteration))
        if self.chance(0.4):
            block["digits"] = Number(self.some("0", "3", "300"))
        else:
            for key in ("rtol", "atol"):
                if self.chance(0.3):
                    block[key] = Number(self.some("0", "1e-6", "0.5"))
        if self.chance(0.3):
            block["wrong"] = Number(self.some("true", "false", "True"))
        known = self.known()
        values = self.random.sample(list(known), min(len(known), self.random.randrange(0, 4)))
        grads = [_normal(name) for section in ("inputs", "params") for name in self.leaves[section]]
        grads = self.random.sample(grads, min(len(grads), self.random.randrange(0, 3)))
        if values or self.chance(0.1):
            block["values"] = {name: self.numbers(known[name]) for name in values}
        if steps and iteration == steps:
            grads = []
        if not grads and "values" not in block:
            block["values"] = {}
        if grads:
            block["grads"] = {name: self.gradient(name) for name in grads}
        return self.shuffled(block)

    def gradient(self, name: str) -> Any:
        """An expected gradient: numbers, or a formula."""
        shape = self.top[name]
        return self.some(
            self.numbers(shape),
            f"grad({name})",
            f"2*grad({name}) + {name}",
            f"where({name} > 0, 1, grad({name}))",
        )

    def training(self) -> dict[str, Any]:
        optimizer = OPTIMIZERS[self.random.choice(list(OPTIMIZERS))]
        steps = Number(str(self.random.randrange(4)))
        given: dict[str, Any] = {}
        for setting in self.random.sample(optimizer.settings, self.random.randrange(len(optimizer.settings))):
            if setting.type is bool:
                value: Any = self.chance(0.5)
            else:
                value = 0.5 if setting.type is float else [0.9, 0.25]
            if not optimizer.mistakes(given | {setting.name: value}):
                given[setting.name] = value
        if self.chance(0.3):
            given[self.random.choice(["clip_norm", "clip_value"])] = 0.5
        if self.chance(0.3):
            given["schedule"] = self.schedule()
        return self.shuffled(
            {"optimizer": optimizer.name, "steps": steps} | {key: _number(one) for key, one in given.items()}
        )

    def schedule(self) -> dict[str, Any]:
        kind = SCHEDULES[self.random.choice(list(SCHEDULES))]
        some = [one for one in kind.settings if one.default is None or self.chance(0.5)]
        return {"kind": kind.name} | {one.name: 2 if one.type is int else 0.5 for one in some}

    def shuffled(self, entries: dict[str, Any]) -> dict[str, Any]:
        order = list(entries.items())
        if self.chance(0.3):
            self.random.shuffle(order)
        return dict(order)


def _number(value: Any) -> Any:
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        return {key: _number(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_number(one) for one in value]
    return Number(str(value).lower())


def _normal(name: str) -> str:
    return unicodedata.normalize("NFC", name)
