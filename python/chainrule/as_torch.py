"""Run a PyTorch program with chainrule: `python -m chainrule.as_torch script.py [arguments]`.

The program is not changed. Its `import torch` finds modules that answer with chainrule; a name that chainrule lacks
raises AttributeError when it is first used. `python -m chainrule.as_torch --check script.py` lists such names, in the
script and in the modules beside it, without running anything, and exits with 1 if there are any.
Inside a program of your own, `chainrule.as_torch.install()` does the same before the first `import torch`.
"""

from __future__ import annotations

import argparse
import ast
import importlib
import importlib.util
import io
import os
import sys
import types
from collections.abc import Iterator
from importlib.machinery import ModuleSpec
from typing import Any

import chainrule

# Modules of PyTorch that hold nothing of their own: where their names stand here.
_ELSEWHERE = {
    "torch.functional": "chainrule",
    "torch._tensor": "chainrule",
    "torch.utils.tensorboard.writer": "chainrule.utils.tensorboard",
    "torch.nn.parallel.data_parallel": "chainrule.nn.parallel",
    "torch.nn.parallel.scatter_gather": "chainrule.nn.parallel",
    "torch.cuda.amp.autocast_mode": "chainrule.cuda.amp",
    "torch.utils.data._utils.collate": "chainrule.utils.data",
    "torch.utils.data._utils": "chainrule.utils.data",
    "torchvision.transforms.transforms": "transforms",
    "torchvision.datasets.mnist": "datasets",
    "torchvision.datasets.cifar": "datasets",
    "torchvision.datasets.folder": "datasets",
    "torchvision.io.image": "io",
    "torchvision.ops.misc": "ops",
    "torchvision.ops.boxes": "ops",
}
_ELSEWHERE |= {f"torch.optim.{name}": "chainrule.optim" for name in ("_adafactor", "_muon")}
# Files of PyTorch hold more names than ours do: a package's names are found in each of its modules.
_PACKAGES = {"torch.nn.modules": "chainrule.nn", "torch.optim": "chainrule.optim"}
_PACKAGES["torch.distributions"] = "chainrule.distributions"
# What programs import that needs PyTorch, or comes with it: torchvision itself would not run without it.
ROOTS = ("torch", "torchvision", "functorch")
# Ours alone: torch has no modules of these names.
_HIDDEN = {
    "torch.as_torch",
    "torch.examples",
    "torch.sklearn",
    "torch.vision",
    "torch.viz",
    "torch.top",
    "torch._child",
}
# The same of the package's own functions.
_OURS = {"build_info", "profile", "show_config", "source", "summary"}
# chainrule.vision.datasets reads it.
DATA_VARIABLE = "CHAINRULE_VISION_DATA"
# Where a process that multiprocessing starts afresh finds the path of the program.
SCRIPT_VARIABLE = "CHAINRULE_AS_TORCH_SCRIPT"


def _sources(fullname: str) -> list[str]:
    """The modules that answer for torch.X: our stand-ins first, then chainrule.X or where X's names stand."""
    root, _, inside = fullname.partition(".")
    if root == "torchvision":
        inside = _ELSEWHERE.get(fullname, inside)
        name = f"chainrule.vision.{inside}".rstrip(".")
        return [name] if not inside.startswith("_") and _exists(name) else []
    if root == "functorch":
        return [] if inside else ["chainrule._torch_names._functorch", "chainrule.func"]
    found = [f"chainrule._torch_names.{inside.replace('.', '__') or 'top'}"]
    if not any(part.startswith("_") for part in inside.split(".")):
        found.append(f"chainrule.{inside}" if inside else "chainrule")
        package = fullname.rpartition(".")[0]
        if package in _PACKAGES and _exists(found[-1]):
            found.append(_PACKAGES[package])
    if fullname in _ELSEWHERE:
        found.append(_ELSEWHERE[fullname])
    return [] if fullname in _HIDDEN else [name for name in found if _exists(name)]


def _exists(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False


class TorchModule(types.ModuleType):
    """A module torch.X whose names are looked up in chainrule when they are first used."""

    def __init__(self, name: str, sources: list[str]) -> None:
        super().__init__(name, f"{name}, answered by {', '.join(sources)}.")
        self.__dict__["_sources"] = [importlib.import_module(source) for source in sources]

    def __getattr__(self, name: str) -> Any:
        if name == "__all__":
            return self._public()
        value = self._find(name)
        self.__dict__[name] = value
        return value

    def __setattr__(self, name: str, value: Any) -> None:
        # Importing torch.autograd.gradcheck puts that module where the function of the same name stands.
        if isinstance(value, TorchModule) and value.__name__ == f"{self.__name__}.{name}":
            value = self._find(name)
        super().__setattr__(name, value)

    def _find(self, name: str) -> Any:
        for source in self.__dict__["_sources"]:
            hidden = source is chainrule and (name.startswith("_") or name in _OURS)
            value = None if hidden else getattr(source, name, None)
            if value is not None and not isinstance(value, types.ModuleType):
                return value
            if value is None and not hidden and name in vars(source):
                return None
        fullname = f"{self.__name__}.{name}"
        if fullname == "torch.torch":
            return self
        if (not name.startswith("__") or name == "__config__") and _sources(fullname):
            return importlib.import_module(fullname)
        raise AttributeError(f"chainrule has no {fullname}", name=name, obj=self)

    def fill(self) -> None:
        """Puts the public names into __dict__, where programs look for them: models.__dict__["resnet18"]()."""
        for source in reversed(self.__dict__["_sources"]):
            for name in getattr(source, "__all__", vars(source)):
                if not name.startswith("_") and not isinstance(getattr(source, name), types.ModuleType):
                    self.__dict__[name] = getattr(source, name)

    def _public(self) -> list[str]:
        """What `from torch.X import *` brings."""
        names: set[str] = set()
        for source in self.__dict__["_sources"]:
            own = [name for name, value in vars(source).items() if not isinstance(value, types.ModuleType)]
            names.update(set(getattr(source, "__all__", own)) - (_OURS if source is chainrule else set()))
        # A package of ours may name modules that do not stand in this file of PyTorch's.
        public = [name for name in names - {"Any", "annotations"} if not name.startswith("_")]
        return sorted(name for name in public if hasattr(self, name))

    def __dir__(self) -> list[str]:
        names = {key for source in self.__dict__["_sources"] for key in dir(source)}
        return sorted(names | set(self.__dict__))


class TorchFinder:
    """Finds torch and the modules in it: the first entry of sys.meta_path while programs run as_torch."""

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        if fullname.partition(".")[0] not in ROOTS:
            return None
        if not _sources(fullname):
            raise ModuleNotFoundError(f"chainrule has no {fullname}", name=fullname)
        return ModuleSpec(fullname, self, origin=__file__, is_package=True)  # type: ignore[arg-type]  # has what a loader needs

    def create_module(self, spec: ModuleSpec) -> types.ModuleType:
        return TorchModule(spec.name, _sources(spec.name))

    def exec_module(self, module: types.ModuleType) -> None:
        module.__file__ = __file__
        if isinstance(module, TorchModule) and "." in module.__name__:
            module.fill()


def install() -> None:
    """Let `import torch` find chainrule from here on, in this process.

    Raises:
        RuntimeError: PyTorch itself was imported before.

    Example:
        >>> import chainrule.as_torch
        >>> chainrule.as_torch.install()  # doctest: +SKIP
        >>> import torch  # doctest: +SKIP
        >>> torch.nn.Linear is chainrule.nn.Linear  # doctest: +SKIP
        True
    """
    if any(isinstance(finder, TorchFinder) for finder in sys.meta_path):
        return
    if "torch" in sys.modules:
        raise RuntimeError("as_torch: torch must not be imported yet, but PyTorch itself is. Call install() first.")
    sys.meta_path.insert(0, TorchFinder())
    _print_as_torch()


def _print_as_torch() -> None:
    """Shapes, dtypes and named tuples print as PyTorch prints them: programs put them into messages and file names."""
    getattr(chainrule._core, "_set_package_name")("torch")  # noqa: B009  (no stub has a private name)
    chainrule.Size.__repr__ = lambda self: f"torch.Size({list(self)})"  # type: ignore[method-assign]  # as the script expects it
    for name in ("__repr__", "__str__"):
        setattr(chainrule.dtype, name, lambda self: f"torch.{self.name}")


# --- what a program mentions -------------------------------------------------------------------------------------


class _Mentions(ast.NodeVisitor):
    """Collects what a program calls torch.X: names bound by imports and assignments, and chains of attributes."""

    def __init__(self) -> None:
        self.bound: dict[str, str] = {}
        self.missing: dict[str, int] = {}
        self.imported: set[str] = set()

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self.imported.add(alias.name)
            root = alias.name.partition(".")[0]
            if root in ROOTS:
                self._look_up(alias.name, node.lineno)
                self.bound[alias.asname or root] = alias.name if alias.asname else root

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        module = node.module or ""
        self.imported.update([module, *(f"{module}.{alias.name}".lstrip(".") for alias in node.names)])
        if node.level or module.partition(".")[0] not in ROOTS:
            return
        for alias in node.names:
            if alias.name == "*":
                if not self._look_up(module, node.lineno):
                    continue
                self.bound.update((name, f"{module}.{name}") for name in getattr(_resolve(module), "__all__", ()))
            elif self._look_up(f"{module}.{alias.name}", node.lineno):
                self.bound[alias.asname or alias.name] = f"{module}.{alias.name}"

    def visit_Assign(self, node: ast.Assign) -> None:
        chain = self._chain(node.value)
        target = node.targets[0]
        if isinstance(node.value, ast.Constant) and node.value.value is None:
            return  # torch = None, where an import failed
        self.generic_visit(node)
        known = chain is not None and self._look_up(chain, node.lineno)
        if chain and known and isinstance(target, ast.Name) and isinstance(_resolve(chain), TorchModule):
            self.bound[target.id] = chain

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Store):  # data = ... after from torch.utils import data
            self.bound.pop(node.id, None)

    def _visit_scope(self, node: Any) -> None:
        """What a function or class gives another meaning means torch's again after it."""
        outside = dict(self.bound)
        arguments = getattr(node, "args", None)
        if arguments is not None:
            every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
            inner = {argument.arg for argument in every if argument is not None}
            for default in (*node.args.defaults, *node.args.kw_defaults):
                if default is not None:
                    self.visit(default)
            self.bound = {name: chain for name, chain in outside.items() if name not in inner}
        self.generic_visit(node)
        self.bound = outside

    visit_FunctionDef = visit_AsyncFunctionDef = visit_ClassDef = visit_Lambda = _visit_scope

    def visit_Attribute(self, node: ast.Attribute) -> None:
        chain = self._chain(node)
        if chain is None:
            self.generic_visit(node)
        elif isinstance(node.ctx, ast.Load):  # torch.backends.cudnn.anything = True needs no such name before
            self._look_up(chain, node.lineno)
        else:
            self._look_up(chain.rpartition(".")[0], node.lineno)

    def _chain(self, node: ast.AST) -> str | None:
        """The dotted name of an expression such as nn.functional.relu, if it starts at torch."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name) or node.id not in self.bound:
            return None
        return ".".join([self.bound[node.id], *reversed(parts)])

    def _look_up(self, chain: str, line: int) -> bool:
        try:
            _resolve(chain)
        except (AttributeError, ImportError) as error:
            self.missing.setdefault(str(error).rpartition("has no ")[2], line)
            return False
        return True


def _resolve(chain: str) -> Any:
    """The object of a dotted name that starts with torch or torchvision."""
    root, *parts = chain.split(".")
    value: Any = importlib.import_module(root)
    for i, part in enumerate(parts):
        before = ".".join([root, *parts[:i]])
        try:
            if not isinstance(value, types.ModuleType) and _sources(before):  # such as torch.autograd.gradcheck
                value = importlib.import_module(before)  # a function and a module have that name
            value = getattr(value, part)
        except AttributeError:
            raise AttributeError(f"chainrule has no {'.'.join([root, *parts[: i + 1]])}") from None
    return value


def _read(path: str) -> Any:
    """The code of a file, with the encoding that it declares."""
    with io.open_code(path) as file:
        return file.read()


def missing_names(script: str) -> Iterator[tuple[str, int, str]]:
    """For each torch name that a script, or a module beside it, mentions and chainrule lacks: file, line, name."""
    install()
    folder = os.path.dirname(os.path.abspath(script))
    waiting, seen = [script], set()
    while waiting:
        path = waiting.pop(0)
        seen.add(os.path.realpath(path))
        mentions = _Mentions()
        tree = ast.parse(_read(path), path)
        # Imports first: a function may use what a later line of the module imports.
        for node in ast.walk(tree):
            if isinstance(node, ast.Import | ast.ImportFrom):
                mentions.visit(node)
        mentions.visit(tree)
        for name, line in sorted(mentions.missing.items(), key=lambda item: item[1]):
            yield path, line, name
        waiting += [near for near in _local_files(folder, mentions.imported) if os.path.realpath(near) not in seen]


def _local_files(folder: str, modules: set[str]) -> Iterator[str]:
    """The files beside the script that hold these modules."""
    for module in sorted(modules - {""}):
        base = os.path.join(folder, *module.split("."))
        yield from filter(os.path.isfile, (base + ".py", os.path.join(base, "__init__.py")))


# --- running -----------------------------------------------------------------------------------------------------


def run(script: str, arguments: list[str]) -> int:
    """Run a script as `python script arguments` would, with chainrule as torch; return the exit status."""
    install()
    module = types.ModuleType("__main__")
    vars(module).update(__file__=script, __cached__=None, __builtins__=__builtins__)
    module.__spec__ = importlib.util.find_spec("chainrule._torch_names._child")
    os.environ[SCRIPT_VARIABLE] = os.path.abspath(script)
    sys.modules["__main__"] = module
    sys.argv[:] = [script, *arguments]
    sys.path[:1] = [os.path.dirname(os.path.abspath(script))]  # `python -m` put the working directory there
    try:
        exec(compile(_read(script), script, "exec"), vars(module))
    except Exception as error:
        trace = error.__traceback__.tb_next if error.__traceback__ else None  # without our own frame
        sys.excepthook(type(error), error.with_traceback(trace), trace)
        return 1
    return 0


def check(script: str) -> int:
    """Print the names that a script mentions and chainrule lacks; return 1 if there are any."""
    missing = list(missing_names(script))
    for path, line, name in missing:
        print(f"{path}:{line}: chainrule has no {name}")
    if not missing:
        print(f"{script}: chainrule has every torch name that it mentions")
    return int(bool(missing))


def main(argv: list[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m chainrule.as_torch", description="Run a PyTorch program with chainrule as torch."
    )
    parser.add_argument("--check", action="store_true", help="only list the torch names that chainrule lacks")
    parser.add_argument(
        "--digits", action="store_true", help="torchvision's MNIST is scikit-learn's digits where its files are absent"
    )
    parser.add_argument("script", help="the program")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help="what the program gets in sys.argv")
    options = parser.parse_args(argv)
    if not os.path.isfile(options.script):
        parser.error(f"no such file: {options.script}")
    if options.digits:
        os.environ[DATA_VARIABLE] = "digits"
    return check(options.script) if options.check else run(options.script, options.arguments)


if __name__ == "__main__":
    # By its own name, so that this module is not lost when the program becomes __main__.
    from chainrule.as_torch import main as _main

    sys.exit(_main())
