"""constant_time.py PROGRAM: runs it under valgrind's memcheck. Fails when the program has counted wrongly, or when a branch or an
address of nacre's own code depends on a secret. Skipped where valgrind is missing."""

import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

SKIPPED = 77  # what meson takes for that

# Whoever asks for a packet is told whether it was genuine: the one bit that a comparison is for.
ANSWERS = ("nacre::parts::(anonymous namespace)::CtrOpener::open(", "nacre::parts::(anonymous namespace)::ChachaOpener::open(")

# Something that memcheck must have told of, or the secrets were not followed where they go.
EXPECTED = ("CtrOpener::open(", "ChachaOpener::open(", "GCM_Decryption", "Blowfish", "bcrypt_base64_encode")


def owner(error):
    """The function nearest to the fault that is nacre's or Botan's."""
    names = [frame.findtext("fn") or "?" for frame in error.find("stack").iter("frame")]
    return next((name for name in names if name.startswith(("nacre::", "Botan::"))), names[0])


def judge(owners):
    wrong = [f"depends on a secret: {name}" for name in sorted(owners)
             if not name.startswith("Botan::") and not name.startswith(ANSWERS)]
    return wrong + [f"memcheck told nothing of {word}" for word in EXPECTED if not any(word in name for name in owners)]


def self_test():
    good = {"Botan::Blowfish::x", "Botan::GCM_Decryption::x", "Botan::bcrypt_base64_encode", *(name + ")" for name in ANSWERS)}
    assert not judge(good)
    assert judge(good | {"nacre::check_password(x)"}) and judge(good | {"main"}) and judge(good - {"Botan::Blowfish::x"})


def main(program=None):
    self_test()
    valgrind = shutil.which("valgrind")
    if not valgrind or not program:
        print("valgrind or its headers are missing: constant time is not tested")
        return SKIPPED
    with tempfile.NamedTemporaryFile(suffix=".xml") as report:
        code = subprocess.run([valgrind, "--tool=memcheck", "--leak-check=no", "--error-limit=no", "--num-callers=20", "--xml=yes",
                               f"--xml-file={report.name}", program], check=False).returncode
        errors = list(xml.etree.ElementTree.parse(report.name).getroot().iter("error"))
    wrong = judge({owner(error) for error in errors})
    for line in wrong:
        print(line)
    print(f"{len(errors)} places depend on secrets; {len(wrong)} complaints; the program ended with {code}")
    return 0 if code == 0 and not wrong else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
