"""The rules of the house that no linter knows: each takes a tree and returns the faults as text."""

import ast
import hashlib
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

TOP_LEVEL = {
    "LICENSE",
    "README.md",
    "boot.py",
    "examples",
    "manage.py",
    "pyproject.toml",
    "requirements-dev.txt",
    "requirements.txt",
    "runbook",
    "static",
    "templates",
    "tests",
}
WRITES = {
    f"{prefix}{name}"
    for prefix in ("", "a")
    for name in (
        *("save", "create", "update", "delete", "bulk_create", "bulk_update"),
        *("get_or_create", "update_or_create"),
    )
}
FILE_LINES = {
    "runbook/**/*.py": 500,
    "tests/**/*.py": 500,
    "tests/**/test_*.py": 400,
    "templates/**/*.html": 150,
    "static/js/app.js": 150,
}
FUNCTION_LINES = {
    "runbook/**/*.py": 60,
    "runbook/web/views/**/*.py": 40,
    "runbook/domain/decisions.py": 40,
    "runbook/domain/decisions/**/*.py": 40,
}
ARGUMENTS = 8
POSITIONAL_ARGUMENTS = 2
# What would run or style something in a page past the policy, or print a text unescaped.
UNSAFE_MARKUP = {
    "inline handler": re.compile(r"""<[^>]*\son[a-z]+\s*=""", re.IGNORECASE),
    "inline style": re.compile(r"""<[^>]*\sstyle\s*=""", re.IGNORECASE),
    "style element": re.compile(r"<style\b", re.IGNORECASE),
    "inline script": re.compile(r"<script(?![^>]*\ssrc=)[^>]*>", re.IGNORECASE),
    "htmx script": re.compile(r"\bhx-on\b|\bjs:|javascript:", re.IGNORECASE),
    "unescaped output": re.compile(r"\|\s*safe(seq)?\b|autoescape\s+off"),
}
UNSAFE_PYTHON = re.compile(r"\b(mark_safe|SafeString|SafeText|safestring)\b")
# Path and kind of the places that may; each needs its reason here.
UNSAFE_ALLOWED: set[tuple[str, str]] = set()


def files(root: Path, pattern: str) -> list[Path]:
    return sorted(path for path in root.glob(pattern) if "__pycache__" not in path.parts)


def python_files(root: Path) -> list[Path]:
    return [*files(root, "*.py"), *files(root, "runbook/**/*.py"), *files(root, "tests/**/*.py")]


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def public_functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """What other files call: not the private functions, and not those inside a function."""
    nodes: list[ast.stmt] = list(ast.parse(path.read_text()).body)
    for node in nodes:
        if isinstance(node, ast.ClassDef):
            nodes.extend(node.body)
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if not node.name.startswith("_") or node.name == "__init__":
            yield node


def long_files(root: Path) -> list[str]:
    return [
        f"{path.relative_to(root)} has {lines} lines, {limit} are allowed."
        for pattern, limit in FILE_LINES.items()
        for path in files(root, pattern)
        if (lines := len(path.read_text().splitlines())) > limit
    ]


def long_functions(root: Path) -> list[str]:
    return [
        f"{path.relative_to(root)}: {function.name} has {lines} lines, {limit} are allowed."
        for pattern, limit in FUNCTION_LINES.items()
        for path in files(root, pattern)
        for function in functions(path)
        if (lines := (function.end_lineno or 0) - function.lineno + 1) > limit
    ]


def _called_by_django(path: Path, function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Views get their arguments by name from the address, tags theirs by place from a template.

    The server calls an ASGI application by place, whoever wrote it.
    """
    if function.args.args and function.args.args[0].arg == "scope":
        return True
    is_tag = any(ast.unparse(each).startswith("register.") for each in function.decorator_list)
    return is_tag or path.is_relative_to("runbook/web/views")


def long_signatures(root: Path) -> list[str]:
    found = []
    for path in files(root, "runbook/**/*.py"):
        for function in public_functions(path):
            if _called_by_django(path.relative_to(root), function):
                continue
            place = f"{path.relative_to(root)}: {function.name}"
            names = [each.arg for each in (*function.args.posonlyargs, *function.args.args)]
            names = names[1:] if names[:1] in (["self"], ["cls"]) else names
            if len(names) > POSITIONAL_ARGUMENTS:
                found.append(
                    f"{place} takes {', '.join(names)}; from the third on by keyword only."
                )
            if len(names) + len(function.args.kwonlyargs) > ARGUMENTS:
                found.append(f"{place} takes more than {ARGUMENTS} arguments.")
    return found


def missing_docstrings(root: Path) -> list[str]:
    return [
        f"{path.relative_to(root)} does not say what it is for."
        for path in python_files(root)
        if not ast.get_docstring(ast.parse(path.read_text()))
    ]


def writes_outside_services(root: Path) -> list[str]:
    readers = [
        *files(root, "runbook/web/**/*.py"),
        *files(root, "runbook/queries.py"),
        *files(root, "runbook/queries/**/*.py"),
    ]
    return [
        f"{path.relative_to(root)}:{node.lineno} calls .{node.func.attr}()."
        for path in readers
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in WRITES
    ]


def imported(path: Path) -> Iterator[tuple[str, str]]:
    """Module and name of every import in a file."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from ((each.name, "") for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.module or "", each.name) for each in node.names)


def exported_event(root: Path) -> list[str]:
    """Event taken from the package of models would pass the contract that guards its module."""
    return [
        f"runbook/models/__init__.py imports {name} from {module}."
        for module, name in imported(root / "runbook/models/__init__.py")
        if name == "Event" or (name == "*" and module == "runbook.models.timeline")
    ]


def slow_patterns(root: Path) -> list[str]:
    """The standard library's patterns can take seconds on a pasted text; RE2 cannot."""
    rooms = ("runbook/domain/**/*.py", "runbook/services/**/*.py", "runbook/library.py")
    return [
        f"{path.relative_to(root)} imports re instead of re2."
        for room in rooms
        for path in files(root, room)
        if "re" in {module for module, _ in imported(path)}
    ]


def lock_faults(root: Path) -> list[str]:
    run, dev = ((root / f"{name}.txt").read_text() for name in ("requirements", "requirements-dev"))
    found = [
        f"{name} contains an address."
        for name, text in (("requirements.txt", run), ("requirements-dev.txt", dev))
        if "://" in text
    ]
    missing = set(re.findall(r"^\S+==\S+", run, re.MULTILINE)) - set(
        re.findall(r"^\S+==\S+", dev, re.MULTILINE)
    )
    return found + [f"requirements-dev.txt lacks {pin}." for pin in sorted(missing)]


def strangers_at_top_level(root: Path) -> list[str]:
    ignored = {line.strip("/") for line in (root / ".gitignore").read_text().splitlines()}
    return [
        f"{path.name} is not among the agreed names."
        for path in sorted(root.iterdir())
        if path.name not in TOP_LEVEL | ignored and not path.name.startswith(".")
    ]


def vendored_faults(root: Path) -> list[str]:
    folder = root / "static/vendor"
    lines = [line.split("\t") for line in (folder / "SOURCES.txt").read_text().splitlines()[1:]]
    sums = {line[0]: line[-1].strip() for line in lines}
    present = {path.name for path in folder.iterdir() if path.name != "SOURCES.txt"}
    found = [f"{name} is not listed in SOURCES.txt." for name in sorted(present - sums.keys())]
    found += [f"{name} is listed but missing." for name in sorted(sums.keys() - present)]
    return found + [
        f"{name} differs from its sum in SOURCES.txt."
        for name in sorted(present & sums.keys())
        if hashlib.sha256((folder / name).read_bytes()).hexdigest() != sums[name]
    ]


def has_unquoted_attribute(text: str) -> bool:
    """A value without quotes ends at the first blank, and what follows becomes attributes."""
    plain = re.sub(r"{%.*?%}|{{.*?}}|{#.*?#}", "x", text, flags=re.DOTALL)
    plain = re.sub(r"""=\s*("[^"]*"|'[^']*')""", "", plain)
    return bool(re.search(r"<[a-z][^<>]*\s[\w:-]+\s*=", plain, re.IGNORECASE))


def unsafe_markup(root: Path) -> list[str]:
    found = []
    for path in [*files(root, "templates/**/*.html"), *files(root, "runbook/web/**/*.py")]:
        text = path.read_text()
        kinds = {name for name, pattern in UNSAFE_MARKUP.items() if pattern.search(text)}
        if path.suffix == ".py":
            kinds |= {"unescaped output"} if UNSAFE_PYTHON.search(text) else set()
        elif has_unquoted_attribute(text):
            kinds.add("unquoted attribute")
        name = path.relative_to(root).as_posix()
        found += [
            f"{name}: {kind}." for kind in sorted(kinds) if (name, kind) not in UNSAFE_ALLOWED
        ]
    return found


def framework_in_pure_rooms(root: Path) -> list[str]:
    """Import every pure room in a fresh interpreter and see what came along."""
    modules = [
        ".".join(path.relative_to(root).with_suffix("").parts)
        for room in ("runbook/domain/**/*.py", "runbook/exports/**/*.py", "runbook/library.py")
        for path in files(root, room)
    ]
    imports = "\n".join(f"import {name.removesuffix('.__init__')}" for name in modules)
    look = (
        "import sys; print(*sorted({'django', 'crispy_forms', 'django_htmx'} & set(sys.modules)))"
    )
    result = subprocess.run(
        [sys.executable, "-c", f"{imports}\n{look}"],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    )
    return [f"The pure rooms load {name}." for name in result.stdout.split()]


RULES: tuple[Callable[[Path], list[str]], ...] = (
    long_files,
    long_functions,
    long_signatures,
    missing_docstrings,
    writes_outside_services,
    exported_event,
    slow_patterns,
    lock_faults,
    strangers_at_top_level,
    vendored_faults,
    unsafe_markup,
    framework_in_pure_rooms,
)
