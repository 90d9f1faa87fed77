"""nacre-keygen from outside, and against ssh-keygen both ways: what one writes the other reads."""

import os
import pathlib
import pty
import select
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

KEYGEN = None  # the program under test, from the command line
SSHD = None  # nacre-sshd of the same build
SSH_KEYGEN = shutil.which("ssh-keygen")

# Our words for a type, and ssh-keygen's.
TYPES = [
    (["-t", "ed25519"], ["-t", "ed25519"]),
    (["-t", "ecdsa"], ["-t", "ecdsa", "-b", "256"]),
    (["-t", "ecdsa", "-b", "384"], ["-t", "ecdsa", "-b", "384"]),
    (["-t", "ecdsa", "-b", "521"], ["-t", "ecdsa", "-b", "521"]),
    (["-t", "rsa", "-b", "2048"], ["-t", "rsa", "-b", "2048"]),
    (["-t", "rsa"], ["-t", "rsa", "-b", "3072"]),
]
BCRYPT = "$2b$04$abcdefghijklmnopqrstuuinwY/tkBVrn3xrxQI/TgnMHhkvl85RW"  # of a password, as a users file has it
CIPHERS = ["aes256-ctr", "aes256-gcm@openssh.com"]


def run(*arguments, stdin="", program=None, **options):
    """No terminal: setsid leaves it behind."""
    return subprocess.run([program or KEYGEN, *map(str, arguments)], input=stdin, capture_output=True, text=True,
                          start_new_session=True, timeout=120, **options)


class Case(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="nacre-keygen-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def good(self, *arguments, **options):
        result = run(*arguments, **options)
        self.assertEqual(result.returncode, 0, f"{arguments}: {result.stderr}")
        return result.stdout

    def bad(self, *arguments, says=(), **options):
        """Fails with one line on stderr that begins with the program's name and has these words."""
        result = run(*arguments, **options)
        self.assertEqual(result.returncode, 1, f"{arguments}: {result.stdout} {result.stderr}")
        self.assertRegex(result.stderr, r"\Anacre-keygen: [^\n]*\n\Z")
        for word in says:
            self.assertIn(word, result.stderr)
        return result.stderr

    def make(self, name="key", *arguments):
        self.good("-q", "-N", "", "-f", self.folder / name, *arguments)
        return self.folder / name

    def names(self):
        return sorted(path.name for path in self.folder.iterdir())


class Making(Case):
    def test_both_files_with_their_modes(self):
        os.umask(0o077)
        key = self.make("key", "-C", "me@here")
        self.assertEqual(self.names(), ["key", "key.pub"])
        self.assertEqual(key.stat().st_mode & 0o777, 0o600)
        public = key.with_suffix(".pub")
        self.assertEqual(public.stat().st_mode & 0o777, 0o644)
        self.assertRegex(public.read_text(), r"\Assh-ed25519 AAAA\S+ me@here\n\Z")
        self.assertTrue(key.read_text().startswith("-----BEGIN OPENSSH PRIVATE KEY-----\n"))

    def test_says_what_it_made(self):
        out = self.good("-N", "", "-C", "me", "-f", self.folder / "key")
        for words in ("identification has been saved in", "public key has been saved in", "SHA256:", "+--[ED25519 256]--+"):
            self.assertIn(words, out)
        self.assertEqual(self.good("-q", "-N", "", "-f", self.folder / "quiet"), "")

    def test_the_same_seed_gives_the_same_key(self):
        for arguments in (["-t", "ed25519"], ["-t", "ecdsa"], ["-t", "rsa", "-b", "2048"]):
            made = []
            for seed in ("a seed", "a seed", "another"):
                name = f"{arguments[1]}{len(made)}"
                result = run("-q", "-N", "", "-C", "", "--seed", seed, "-f", self.folder / name, *arguments)
                self.assertEqual(result.returncode, 0)
                self.assertIn("warning", result.stderr)
                made.append((self.folder / (name + ".pub")).read_text())
            self.assertEqual(made[0], made[1])
            self.assertNotEqual(made[0], made[2])

    def test_never_overwrites(self):
        key = self.make()
        before = key.read_bytes(), key.with_suffix(".pub").read_bytes()
        self.bad("-q", "-N", "", "-f", key, says=["already exists", str(key)])
        self.assertEqual((key.read_bytes(), key.with_suffix(".pub").read_bytes()), before)
        key.unlink()
        self.bad("-q", "-N", "", "-f", key, says=["key.pub already exists"])
        self.assertEqual(self.names(), ["key.pub"])

    def test_not_through_a_dangling_link(self):
        (self.folder / "key").symlink_to(self.folder / "elsewhere")
        self.bad("-q", "-N", "", "-f", self.folder / "key", says=["already exists"])
        self.assertEqual(self.names(), ["key"])

    def test_words_it_does_not_know(self):
        for arguments, word in ((["-t", "dsa"], "dsa"), (["-Z", "aes128-cbc", "-N", "x"], "aes128-cbc"), (["-b", "1024", "-t", "rsa"], "1024"),
                                (["-b", "2049", "-t", "rsa"], "2049"), (["-b", "255", "-t", "ecdsa"], "255"), (["-b", "512"], "256"),
                                (["-a", "0"], "rounds"), (["-a", "2049"], "rounds"), (["-b", "many"], "many"), (["--sead", "x"], "sead"),
                                (["-p", "-l"], "one of them")):
            self.bad("-q", "-N", "", "-f", self.folder / "key", *arguments, says=[word])
        self.assertEqual(self.names(), [])

    def test_without_a_terminal_it_says_what_to_give(self):
        self.bad("-q", "-f", self.folder / "key", says=["-N"])
        self.bad("-q", "-N", "", says=["-f"], env={**os.environ, "HOME": str(self.folder)})
        self.assertEqual(self.names(), [])

    def test_unwritable_places(self):
        self.bad("-q", "-N", "", "-f", "/nonexistent/folder/key", says=["/nonexistent/folder/key", "No such file"])
        self.bad("-q", "-N", "", "-f", self.folder / "no" / "key", says=["No such file"])
        (self.folder / "file").write_text("")
        self.bad("-q", "-N", "", "-f", self.folder / "file" / "key", says=["Not a directory"])
        self.assertEqual(self.names(), ["file"])

    def test_a_full_disk_leaves_nothing(self):
        # A limit on the size of files fails as a full disk does, at the first byte over it.
        result = subprocess.run(["sh", "-c", 'ulimit -f 0; exec "$@"', "sh", KEYGEN, "-q", "-N", "", "-f", self.folder / "key"],
                                capture_output=True, text=True, start_new_session=True)
        self.assertEqual(result.returncode, 1, result.stderr)
        self.assertIn("cannot write", result.stderr)
        self.assertEqual(self.names(), [])

    def test_a_failed_public_half_takes_the_private_one_back(self):
        os.mkdir(self.folder / "long")
        name = "k" * (255 - 7)  # with ".XXXXXX" it just fits; with ".pub" and that it does not
        self.bad("-q", "-N", "", "-f", self.folder / "long" / name, says=["too long"])
        self.assertEqual(list((self.folder / "long").iterdir()), [])

    def test_output_that_cannot_be_written(self):
        key = self.make()
        with open("/dev/full", "w") as full:
            result = subprocess.run([KEYGEN, "-y", "-f", key], stdout=full, stderr=subprocess.PIPE, text=True)
        self.assertEqual((result.returncode, result.stderr), (1, "nacre-keygen: cannot write to stdout\n"))

    def test_help(self):
        out = self.good("--help")
        for letter in "tbfNCPpylvZaq":
            self.assertRegex(out, rf"(?m)^  -{letter} ")
        self.assertIn("--seed", out)
        self.assertIn("--password", out)


class Showing(Case):
    def test_damaged_and_foreign_files(self):
        key = self.make()
        text = key.read_text()
        cut = self.folder / "cut"
        for size in (0, 10, 36, 60, 200, len(text) - 40):
            cut.write_text(text[:size])
            self.bad("-y", "-f", cut, says=[str(cut)])
        cut.write_text("-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n")
        self.bad("-y", "-f", cut, says=["another format", "ssh-keygen -p"])
        self.bad("-l", "-f", cut, says=["another format"])
        cut.write_bytes(os.urandom(5000))
        self.bad("-y", "-f", cut, says=["not a private key"])
        self.bad("-l", "-f", cut, says=["no key in it"])
        cut.write_bytes(b"x" * (2 << 20))
        self.bad("-y", "-f", cut, says=["larger"])
        self.bad("-y", "-f", "/dev/zero", says=["larger"])
        self.bad("-y", "-f", self.folder, says=["directory"])
        self.bad("-y", "-f", self.folder / "missing", says=["No such file"])

    def test_names_and_comments_of_strangers_are_escaped(self):
        comment = "evil\x1b[2J\nline\x07\u202e"
        key = self.make("key", "-C", comment)
        for arguments in (["-y", "-f", key], ["-l", "-f", key], ["-p", "-P", "", "-N", "", "-f", key]):
            out = self.good(*arguments)
            self.assertNotIn("\x1b", out)
            self.assertNotIn("\x07", out)
            self.assertNotIn("\u202e", out)
            self.assertIn("evil\\x1b[2J\\x0aline", out)
            self.assertEqual(out.count("\n"), 2 if arguments[0] == "-p" else 1)
        self.bad("-y", "-f", "no\x1b[2Jfile", says=["no\\x1b[2Jfile"])

    def test_wrong_and_missing_passphrases(self):
        key = self.folder / "key"
        self.good("-q", "-N", "right", "-a", "1", "-f", key)
        self.bad("-y", "-P", "wrong", "-f", key, says=["passphrase is wrong"])
        self.bad("-y", "-P", "", "-f", key, says=["no passphrase was given"])
        self.bad("-y", "-f", key, says=["-P"])
        self.good("-y", "-P", "right", "-f", key)
        before = key.read_bytes()
        self.bad("-p", "-P", "wrong", "-N", "new", "-f", key, says=["passphrase is wrong"])
        self.assertEqual(key.read_bytes(), before)

    def test_changing_a_passphrase(self):
        key = self.make("key", "-C", "kept")
        public = key.with_suffix(".pub").read_text()
        for old, new, cipher in (("", "one", CIPHERS[0]), ("one", "two", CIPHERS[1]), ("two", "", CIPHERS[0])):
            self.good("-p", "-q", "-P", old, "-N", new, "-Z", cipher, "-a", "1", "-f", key)
            self.assertEqual(self.good("-y", "-P", new, "-f", key), public)
            self.assertEqual(key.stat().st_mode & 0o777, 0o600)
        self.assertEqual(self.names(), ["key", "key.pub"])

    def test_changing_a_passphrase_behind_links(self):
        key = self.make()
        (self.folder / "inner").symlink_to("key")
        (self.folder / "link").symlink_to(self.folder / "inner")
        self.good("-p", "-q", "-P", "", "-N", "one", "-a", "1", "-f", self.folder / "link")
        self.assertTrue((self.folder / "link").is_symlink() and (self.folder / "inner").is_symlink())
        self.good("-y", "-P", "one", "-f", key)
        self.assertEqual(self.names(), ["inner", "key", "key.pub", "link"])

    @unittest.skipUnless(os.geteuid() == 0, "only root gives files away")
    def test_a_key_keeps_its_owner(self):
        key = self.make()
        os.chown(key, 12345, 23456)
        self.good("-p", "-q", "-P", "", "-N", "one", "-a", "1", "-f", key)
        self.assertEqual((key.stat().st_uid, key.stat().st_gid, key.stat().st_mode & 0o777), (12345, 23456, 0o600))
        self.folder.chmod(0o777)
        before = key.read_bytes()
        os.chown(key, 12345, 0)
        key.chmod(0o644)
        self.bad("-p", "-q", "-P", "one", "-N", "two", "-f", key, says=["Operation not permitted"], user=23456, group=23456)
        self.assertEqual((key.read_bytes(), key.stat().st_uid), (before, 12345), "somebody else's key")

    def test_fingerprints_in_lines_of_every_kind(self):
        line = (self.make("key", "-C", "").with_suffix(".pub")).read_text().strip()
        lines = self.folder / "lines"
        lines.write_text(f"# a comment\n\n{line} with words\ncommand=\"echo \\\"a b\\\"\",no-pty {line}\n[host]:22,other {line}\n@revoked host {line}\nrubbish\n")
        out = self.good("-l", "-f", lines).splitlines()
        self.assertEqual(len(out), 4)
        self.assertEqual(len({text.split()[1] for text in out}), 1)
        self.assertTrue(out[0].endswith(" with words (ED25519)"))
        self.assertTrue(out[2].endswith(" [host]:22,other (ED25519)"))


class Passwords(Case):
    def test_a_line_from_a_pipe(self):
        out = self.good("--password", stdin="alice\nsecret\n")
        self.assertRegex(out, r"\Aalice \$argon2id\$v=19\$m=65536,t=3,p=1\$\S+\$\S+\n\Z")
        self.assertNotIn("secret", out)

    def test_a_file_keeps_its_other_lines(self):
        users = self.folder / "users"
        users.write_text("# people\nbob $argon2id$old\ncarol $2b$keep\n")
        self.good("--password", "-f", users, stdin="bob\nnew\n")
        self.good("--password", "-f", users, stdin="dave\nnew\n")
        lines = users.read_text().splitlines()
        self.assertEqual([line.split()[0] for line in lines], ["#", "bob", "carol", "dave"])
        self.assertNotIn("old", users.read_text())
        self.assertEqual(users.stat().st_mode & 0o777, 0o600)
        self.assertEqual(self.names(), ["users"])

    def test_names_end_where_the_server_ends_them(self):
        for separator in (":", "\t", " ", ": "):
            users = self.folder / "users"
            users.write_text(f"bob{separator}$2b$old\nbobby{separator}{BCRYPT}\n")
            self.good("--password", "-f", users, stdin="bob\nnew\n")
            lines = users.read_text().splitlines()
            self.assertEqual(len(lines), 2, f"after {separator!r}: {lines}")
            self.assertTrue(lines[0].startswith("bob $argon2id$"), lines)
            self.server_takes(users)
            users.unlink()
        self.bad("--password", "-f", self.folder / "users", stdin="bob:x\nsecret\n", says=["colons"])
        self.assertEqual(self.names(), ["host", "host.pub"])

    def server_takes(self, users):
        """nacre-sshd finds nothing to say about the file."""
        host = self.folder / "host"
        if not host.exists():
            self.make("host")
        result = run("-t", "-h", host, "-o", f"UsersFile={users}", "-o", "StrictModes=no", program=SSHD)
        self.assertEqual((result.returncode, result.stderr), (0, ""))

    def test_a_link_stays_a_link(self):
        users = self.folder / "users"
        users.write_text(f"bob {BCRYPT}\n")
        (self.folder / "link").symlink_to("users")
        self.good("--password", "-f", self.folder / "link", stdin="bob\nnew\n")
        self.assertTrue((self.folder / "link").is_symlink())
        self.assertTrue(users.read_text().startswith("bob $argon2id$"))
        self.assertEqual(self.names(), ["link", "users"])

    def test_bad_input(self):
        for stdin in ("", "alice", "alice\n", "\nsecret\n", "al ice\nsecret\n", "#alice\nsecret\n", "al\x1bice\nsecret\n", "alice\n\n",
                      "a" * 300 + "\nsecret\n", "alice\n" + "x" * 5000 + "\n"):
            self.bad("--password", "-f", self.folder / "users", stdin=stdin)
        self.assertEqual(self.names(), [])


class Terminal(Case):
    """Questions on a real terminal, of which the program is the foreground."""

    def converse(self, arguments, answers):
        """Answers are (words of the question, what to type). Returns all that the terminal showed, and the exit code."""
        child, terminal = pty.fork()
        if child == 0:
            os.execv(KEYGEN, [KEYGEN, *map(str, arguments)])
        shown, asked, deadline = "", 0, time.monotonic() + 60
        while time.monotonic() < deadline:
            if not select.select([terminal], [], [], 1)[0]:
                continue
            try:
                some = os.read(terminal, 4096).decode(errors="replace")
            except OSError:
                break
            if not some:
                break
            shown += some
            if answers and answers[0][0] in shown[asked:]:
                asked = len(shown)
                os.write(terminal, answers.pop(0)[1].encode())
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        os.close(terminal)
        self.assertEqual(answers, [], shown)
        return shown, code

    def test_passphrases_are_asked_twice_and_not_shown(self):
        key = self.folder / "key"
        shown, code = self.converse(["-a", "1", "-f", key], [("Enter passphrase", "hidden\n"), ("same passphrase", "other\n"),
                                                              ("Enter passphrase", "hidden\n"), ("same passphrase", "hidden\n")])
        self.assertEqual(code, 0, shown)
        self.assertNotIn("hidden", shown)
        self.good("-y", "-P", "hidden", "-f", key)

    def test_overwriting_is_asked(self):
        key = self.make()
        before = key.read_bytes()
        shown, code = self.converse(["-N", "", "-f", key], [("Overwrite it", "no\n")])
        self.assertEqual((code, key.read_bytes()), (1, before), shown)
        shown, code = self.converse(["-N", "", "-f", key], [("Overwrite it", "yes\n"), ("key.pub already exists. Overwrite it", "yes\n")])
        self.assertEqual(code, 0, shown)
        self.assertNotEqual(key.read_bytes(), before)

    def test_the_file_is_asked_and_has_a_usual_place(self):
        os.environ["HOME"] = str(self.folder)
        shown, code = self.converse(["-N", ""], [("Enter file", "\n")])
        self.assertEqual(code, 0, shown)
        self.assertTrue((self.folder / ".ssh" / "id_ed25519.pub").exists())
        self.assertEqual((self.folder / ".ssh").stat().st_mode & 0o777, 0o700)

    def test_interrupting_a_question_ends_the_program(self):
        key = self.folder / "key"
        shown, code = self.converse(["-f", key], [("Enter passphrase", "half\x03")])
        self.assertEqual(code, -2, shown)
        self.assertEqual(self.names(), [])

    def test_a_passphrase_is_asked_to_read_a_key(self):
        key = self.folder / "key"
        self.good("-q", "-N", "right", "-a", "1", "-C", "c", "-f", key)
        shown, code = self.converse(["-y", "-f", key], [("Enter passphrase for", "right\n")])
        self.assertEqual(code, 0, shown)
        self.assertIn("ssh-ed25519 AAAA", shown)
        self.assertNotIn("right", shown)

    def test_a_user_and_a_password(self):
        users = self.folder / "users"
        shown, code = self.converse(["--password", "-f", users], [("name", "erin\n"), ("Password", "hidden\n"), ("again", "hidden\n")])
        self.assertEqual(code, 0, shown)
        self.assertNotIn("hidden", shown)
        self.assertTrue(users.read_text().startswith("erin $argon2id$"))


@unittest.skipUnless(SSH_KEYGEN, "there is no ssh-keygen")
class WithOpenSSH(Case):
    def theirs(self, *arguments):
        result = run(*arguments, program=SSH_KEYGEN)
        self.assertEqual(result.returncode, 0, f"{arguments}: {result.stderr}")
        return result.stdout

    def agree(self, key, passphrase):
        """Public half, fingerprint and picture are the same by both programs."""
        ours = self.good("-y", "-P", passphrase, "-f", key)
        theirs = self.theirs("-y", "-P", passphrase, "-f", key)
        self.assertEqual(ours.split()[:2], theirs.split()[:2])
        self.assertEqual(self.good("-l", "-v", "-f", key), self.theirs("-l", "-v", "-f", key))

    def test_they_read_ours(self):
        for number, (ours, _) in enumerate(TYPES):
            for passphrase, cipher in (("", CIPHERS[0]), ("a pass phrase", CIPHERS[0]), ("a pass phrase", CIPHERS[1])):
                with self.subTest(ours=ours, passphrase=passphrase, cipher=cipher):
                    key = self.folder / f"ours{number}{len(passphrase)}{cipher[:10]}"
                    self.good("-q", *ours, "-N", passphrase, "-Z", cipher, "-a", "2", "-C", "made by us", "-f", key)
                    self.agree(key, passphrase)
                    self.theirs("-p", "-P", passphrase, "-N", "theirs", "-f", key)
                    self.agree(key, "theirs")

    def test_we_read_theirs(self):
        for number, (_, theirs) in enumerate(TYPES):
            for passphrase, cipher in (("", ""), ("x", CIPHERS[0]), ("x", CIPHERS[1]), ("x", "aes128-ctr"), ("x", "aes192-ctr"), ("x", "aes128-gcm@openssh.com")):
                with self.subTest(theirs=theirs, cipher=cipher):
                    key = self.folder / f"theirs{number}{cipher}"
                    self.theirs("-q", *theirs, "-N", passphrase, *(["-Z", cipher] if cipher else []), "-a", "2", "-C", "made by them", "-f", key)
                    self.agree(key, passphrase)
                    self.good("-p", "-q", "-P", passphrase, "-N", "ours", "-a", "2", "-f", key)
                    self.agree(key, "ours")
                    self.assertIn("made by them", self.good("-y", "-P", "ours", "-f", key))

    def test_what_we_do_not_read_is_named(self):
        pem = self.folder / "pem"
        self.theirs("-q", "-t", "rsa", "-b", "2048", "-m", "PEM", "-N", "", "-f", pem)
        self.bad("-y", "-f", pem, says=["another format", "ssh-keygen -p"])
        self.theirs("-p", "-P", "", "-N", "", "-f", pem)  # the remedy that the message names
        self.agree(pem, "")
        cbc = self.folder / "cbc"
        self.theirs("-q", "-t", "ed25519", "-Z", "aes256-cbc", "-N", "x", "-f", cbc)
        self.bad("-y", "-P", "x", "-f", cbc, says=["-Z aes256-ctr"])

    def test_a_key_signs_for_them(self):
        key = self.make()
        (self.folder / "allowed").write_text("me " + key.with_suffix(".pub").read_text())
        (self.folder / "text").write_text("signed with a key of ours")
        self.theirs("-Y", "sign", "-f", key, "-n", "file", self.folder / "text")
        with open(self.folder / "text") as text:
            subprocess.run([SSH_KEYGEN, "-Y", "verify", "-f", self.folder / "allowed", "-I", "me", "-n", "file", "-s", self.folder / "text.sig"],
                           stdin=text, check=True, capture_output=True)


if __name__ == "__main__":
    KEYGEN = os.path.abspath(sys.argv.pop(1))
    SSHD = os.path.join(os.path.dirname(KEYGEN), "nacre-sshd")
    unittest.main()
