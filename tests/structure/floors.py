"""Reads every #include and fails when one climbs a floor, or when Botan, Asio or I/O appear where they must not; and when the
engine that is tested could be another than the one that is used, by a condition of the preprocessor."""

import re
import sources

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.MULTILINE)
CONDITION = re.compile(r'^[ \t]*#[ \t]*(?:if|ifdef|ifndef|elif)\b[ \t]*([^\n]*)', re.MULTILINE)
COMMENT = re.compile(r'//[^\n]*|/\*.*?\*/', re.DOTALL)

GUARD = "crypto/botan_guard.hpp"
ASIO_ALLOWED = ("flow/", "tools/", "tests/flow/", "tests/tools/", "tests/interop/", "tests/examples/", "tests/fire/", "bench/")

# The engine and what is below it open nothing and start nothing.
IO_HEADERS = {
    "fstream", "iostream", "cstdio", "stdio.h", "filesystem", "thread", "jthread", "mutex", "shared_mutex",
    "condition_variable", "future", "unistd.h", "fcntl.h", "poll.h", "netdb.h", "pthread.h", "signal.h", "csignal",
}
IO_FOLDERS = ("sys/socket", "sys/stat", "sys/epoll", "sys/select", "netinet/", "arpa/")


def is_botan_file(name):
    """The benchmarks measure against Botan's own calls."""
    return name == GUARD or re.fullmatch(r"(crypto|bench)/botan_[a-z0-9_]+\.cpp", name) is not None


def own_include(name, target):
    """The complaint about #include "target" in the file name, or None."""
    floor, other = name.split("/")[0], target.split("/")[0]
    if "/" not in target or other not in sources.FLOORS + sources.BESIDE:
        return f'"{target}" is not a path from the root of the project'
    if target == GUARD and not is_botan_file(name):
        return f'"{target}" outside crypto/botan_*.cpp'
    if floor in sources.BESIDE:
        return None
    if other in sources.BESIDE:
        return f'"{target}" climbs: {floor}/ knows nothing of {other}/'
    if sources.FLOORS.index(other) > sources.FLOORS.index(floor):
        return f'"{target}" climbs from {floor}/ to {other}/'
    return None


def system_include(name, target):
    """The complaint about #include <target> in the file name, or None."""
    floor = name.split("/")[0]
    if target.startswith("botan/") and not is_botan_file(name):
        return f"<{target}> outside crypto/botan_*.cpp"
    if (target.startswith("asio/") or target == "asio.hpp") and not name.startswith(ASIO_ALLOWED):
        return f"<{target}> outside flow/ and tools/"
    if target.startswith("CLI/") and floor != "tools":
        return f"<{target}> outside tools/"
    if floor in ("crypto", "engine") and (target in IO_HEADERS or target.startswith(IO_FOLDERS)):
        return f"<{target}>: {floor}/ does no I/O and starts no thread"
    if target.split("/")[0] in sources.FLOORS:
        return f'<{target}> is nacre\'s own: write it in "quotes"'
    return None


def names(name, text):
    """Complaints about names of Botan and Asio in headers that must not show them."""
    if not name.endswith(".hpp") or name == GUARD:
        return
    code = COMMENT.sub("", text)
    if re.search(r"\bBotan::", code):
        yield "a header names Botan::"
    if not name.startswith(ASIO_ALLOWED) and re.search(r"\basio::", code):
        yield "a header outside flow/ names asio::"


def conditions(name, text):
    """Complaints about code of the engine and of crypto/ that is there or not; but what only a build with assertions does may be."""
    if name.split("/")[0] not in ("crypto", "engine"):
        return
    for match in CONDITION.finditer(text):
        if match[0].split() != ["#ifndef", "NDEBUG"]:
            yield f"{match[0].strip()}: {name.split('/')[0]}/ is the same in every build"


def check(root):
    found = []
    for path, text in sources.files(root, sources.FLOORS + sources.BESIDE, sources.CODE):
        name = path.as_posix()
        for match in INCLUDE.finditer(text):
            complaint = (own_include if match[1] == '"' else system_include)(name, match[2])
            if complaint:
                line = text.count("\n", 0, match.start()) + 1
                found.append(f"{name}:{line}: {complaint}")
        found += [f"{name}: {complaint}" for complaint in (*names(name, text), *conditions(name, text))]
    return found


GOOD = {
    "crypto/bytes.hpp": '#include <span>\n',
    "crypto/botan_guard.hpp": '#include <botan/exceptn.h>\n#include "crypto/bytes.hpp"\n',
    "crypto/botan_hash.cpp": '#include "crypto/botan_guard.hpp"\n#include <botan/hash.h>\n',
    "engine/client.hpp": '#include "crypto/bytes.hpp"\n// Botan:: and asio:: may be spoken of\n',
    "bench/botan_bare.cpp": '#include <botan/aead.h>\n',
    "flow/drive.hpp": '#include <asio/awaitable.hpp>\n#include "engine/client.hpp"\nasio::awaitable<void> f();\n',
    "tools/nacre_ssh.cpp": '#include <CLI/CLI.hpp>\n#include "flow/drive.hpp"\n',
    "engine/transport/inbox.cpp": '#ifndef NDEBUG\n#endif\n',
    "flow/socket_flow.cpp": '#ifdef __linux__\n#endif\n',
    "tests/engine/pair.hpp": '#include "engine/client.hpp"\n',
    "tests/engine/pair_test.cpp": '#include "tests/engine/pair.hpp"\n#include <fstream>\n',
}

BAD = [
    ("crypto/a.hpp", '#include "engine/client.hpp"\n', "climbs"),
    ("engine/a.cpp", '#include "flow/drive.hpp"\n', "climbs"),
    ("flow/a.cpp", '  #  include "tools/options.hpp"\n', "climbs"),
    ("engine/a.cpp", '#include "tests/engine/pair.hpp"\n', "climbs"),
    ("crypto/keys.cpp", "#include <botan/rsa.h>\n", "outside crypto/botan_"),
    ("crypto/botan_provider.hpp", "#include <botan/rsa.h>\n", "outside crypto/botan_"),
    ("bench/packets.cpp", "#include <botan/aead.h>\n", "outside crypto/botan_"),
    ("engine/botan_a.cpp", "#include <botan/rsa.h>\n", "outside crypto/botan_"),
    ("tests/crypto/a.cpp", "#include <botan/rsa.h>\n", "outside crypto/botan_"),
    ("engine/a.cpp", '#include "crypto/botan_guard.hpp"\n', "outside crypto/botan_"),
    ("engine/a.cpp", "#include <asio.hpp>\n", "outside flow/"),
    ("tests/engine/a.cpp", "#include <asio/read.hpp>\n", "outside flow/"),
    ("flow/a.cpp", "#include <CLI/CLI.hpp>\n", "outside tools/"),
    ("engine/a.cpp", "#include <thread>\n", "does no I/O"),
    ("crypto/a.cpp", "#include <sys/socket.h>\n", "does no I/O"),
    ("engine/a.cpp", '#include "client.hpp"\n', "not a path from the root"),
    ("engine/a.cpp", '#include "../crypto/bytes.hpp"\n', "not a path from the root"),
    ("engine/a.cpp", "#include <crypto/bytes.hpp>\n", "quotes"),
    ("crypto/a.hpp", "struct A { Botan::RSA_PublicKey* key; };\n", "names Botan::"),
    ("engine/a.hpp", "void f(asio::io_context&);\n", "names asio::"),
    ("engine/a.cpp", "#ifdef FUZZING\n#endif\n", "the same in every build"),
    ("crypto/a.cpp", "  # if defined(X)\n#endif\n", "the same in every build"),
    ("engine/a.cpp", "#ifndef NDEBUG\n#elif X\n#endif\n", "the same in every build"),
]

if __name__ == "__main__":
    sources.main(check, GOOD, BAD)
