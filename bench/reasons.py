"""Why targets are short, where it is known: what was found with a profiler, and what was tried. The page shows those that
concern a target of its run."""

# A part of the target's text, and the words.
REASONS = (
    ("chacha20-poly1305, 1 KiB",
     "SSH's composition encrypts the length under a key of its own and takes the key of Poly1305 from a block of its own. Botan makes "
     "512 bytes of key stream at a time: a packet of 1 KiB takes four such turns, the bare call two. What is left of the block of "
     "Poly1305's key is used for the data already; two packets have two nonces and can share none."),
    ("chacha20-poly1305, 64 B",
     "The same: two turns of 512 bytes and two nonces set, where the bare call has one."),
    (": of the speed of sealing and opening alone",
     "A copy into the packet by `write`, a copy into the other engine's buffer, and about 3,000 instructions a turn; it passes or falls "
     "short by a hundredth with the day."),
    ("times the CPU of the public-key operations alone",
     "Each signature by a host key is verified before it is sent (decision 6): a quarter of all public-key work, which the sum does not "
     "hold. Without it the ratio is 1.06. It stays: a faulty signature can give the key away."),
    ("throughput against OpenSSH",
     "Client and server fill one processor each; then throughput is one over the CPU time of the slower of them, and 3 times needs a "
     "third of OpenSSH's. Of ours (CPU s/GiB) the commands at both ends are 0.5, the cipher 0.35 to 0.45, and most of the rest is the "
     "kernel's copying between socket, pipe and process: data crosses it six times. Tried: pipes of 64 KiB to 1 MiB (256 KiB and more "
     "are alike), reads of 64 KiB to 512 KiB, places aligned for the kernel (no difference), packets of 32 KiB (a third dearer than "
     "128 KiB)."),
    ("CPU a GiB against OpenSSH",
     "The same profile. The target was set when OpenSSH took 3.0 to 3.5 CPU s/GiB with aes128-gcm on another day; in this run it takes "
     "what the table below says."),
    ("logins a second against",
     "It is at the target, and on either side of it from run to run. Of 5 ms for a login, a shell for `true` is 0.8, an empty start "
     "of nacre-ssh 1.5, the public-key work 0.7. Tried with success: no big pool of locked memory, the C++ runtime in the program, "
     "no copy of the server's page tables for a child."),
    ("a byte there and back against OpenSSH, wall time",
     "Six times a process wakes another, and eight system calls lie between: client, server and `cat`, there and back. Five `cat` in a "
     "chain of pipes, which do nothing else, take 33 to 71 us here; both engines together take 2. A keystroke is "
     "sent in the turn of the loop that read it, on both sides; there is nothing left to wait for."),
)


def of(targets, short):
    """(targets, words) for all that are short and have a reason, in the order of the targets."""
    rows = {}
    for target in targets:
        if target.verdict == short:
            for part, words in REASONS:
                if part in target.text:
                    rows.setdefault(words, []).append(target.text)
    return [(texts, words) for words, texts in rows.items()]
