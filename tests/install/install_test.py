"""install_test.py BUILD SOURCE: installs the build into a temporary folder, and is a user of what lies there: pkg-config,
a compiler, and the program two_engines.cpp beside this file. The same again with nacre as a subproject of meson."""

import os
import pathlib
import shlex
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
COMPILER = shlex.split(os.environ.get("CXX", "c++"))
FLOW = '#include "flow/client_of_flow.hpp"\n#include "flow/spawn_server.hpp"\n'


def run(argv, **more):
    env = {name: value for name, value in {**os.environ, **more}.items() if name != "MALLOC_PERTURB_"}  # slows compilers
    done = subprocess.run([str(word) for word in argv], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False, env=env)
    if done.returncode != 0:
        sys.exit(f"{shlex.join(str(word) for word in argv)}: exit status {done.returncode}\n{done.stdout}")
    return done.stdout


def flags(where, *words):
    """What pkg-config says of the installed files: theirs first, then where Botan was found."""
    path = ":".join(filter(None, [str(where), os.environ.get("PKG_CONFIG_PATH", "")]))
    return shlex.split(run(["pkg-config", *words], PKG_CONFIG_PATH=path))


def installed(build, folder):
    run(["meson", "install", "-C", build, "--no-rebuild", "--destdir", folder / "root"])
    found = sorted((folder / "root").rglob("nacre.pc"))
    if len(found) != 1:
        sys.exit(f"meson install left {len(found)} files nacre.pc, not one")
    # As a user has it whose prefix is the temporary folder.
    for file in found[0].parent.glob("nacre*.pc"):
        first, rest = file.read_text().split("\n", 1)
        file.write_text(f"prefix={folder / 'root'}{first.removeprefix('prefix=')}\n{rest}")
    return found[0].parent


def closed(include, where, package, floors, file):
    """The headers of these floors include only what is installed too."""
    names = sorted(path.relative_to(include).as_posix() for floor in floors for path in (include / floor).rglob("*.hpp"))
    file.write_text("".join(f'#include "{name}"\n' for name in names))
    run([*COMPILER, "-std=c++20", "-fsyntax-only", file, *flags(where, "--cflags", package)])


def as_package(build, folder):
    where = installed(build, folder)
    program = folder / "two_engines"
    run([*COMPILER, "-std=c++20", HERE / "two_engines.cpp", "-o", program, *flags(where, "--cflags", "--libs", "nacre")])
    says(program)
    include = next((folder / "root").rglob("include/nacre"))
    closed(include, where, "nacre", ["crypto", "engine"], folder / "engine.cpp")
    if (where / "nacre-flow.pc").exists():
        closed(include, where, "nacre-flow", ["flow"], folder / "floor.cpp")
        (folder / "flow.cpp").write_text(FLOW + "int main() { return sizeof(nacre::SshFlow) == 0; }\n")
        run([*COMPILER, "-std=c++20", folder / "flow.cpp", "-o", folder / "flow", *flags(where, "--cflags", "--libs", "nacre-flow")])
        run([folder / "flow"])


def as_subproject(source, folder):
    """Configured only: that the two names of README.md are dependencies, and that our tests stay out of it."""
    user = folder / "user"
    (user / "subprojects").mkdir(parents=True)
    (user / "subprojects" / "nacre").symlink_to(source)
    shutil.copy(HERE / "two_engines.cpp", user)
    (user / "meson.build").write_text(
        "project('user', 'cpp', default_options: 'cpp_std=c++20')\n"
        "subproject('nacre', default_options: 'tools=false')\n"
        "executable('two_engines', 'two_engines.cpp', dependencies: dependency('nacre'))\n"
        "executable('flow', 'two_engines.cpp', dependencies: dependency('nacre-flow'))\n")
    run(["meson", "setup", folder / "build", user])
    listed = run(["meson", "introspect", "--targets", folder / "build"])
    for name in ("nacre-ssh", "gtest", "tests/"):
        if f'"{name}' in listed:
            sys.exit(f"as a subproject, nacre builds {name} too")


def says(program):
    said = run([program])
    if said != "logged in\n":
        sys.exit(f"{program} says {said!r}")


def main():
    build, source = map(pathlib.Path, sys.argv[1:])
    folder = pathlib.Path(tempfile.mkdtemp(prefix="nacre-install-"))
    try:
        as_package(build, folder)
        as_subproject(source, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


main()
