#!/usr/bin/env bash
# The demo: keys in a temporary folder, nacre-sshd on a free loopback port, a command by nacre-ssh and one by the system's
# ssh, then 256 MB each way with a checksum. Leaves nothing behind, and ends at the first thing that goes wrong.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$nacre_root/scripts/build.sh"

tools=$nacre_root/build/release/tools
megabytes=256
work=
server=
user=$(id -un)

clean_up() {
  [ -z "$server" ] || kill "$server" 2>/dev/null || true
  [ -z "$server" ] || wait "$server" 2>/dev/null || true
  [ -z "$work" ] || rm -rf "$work"
}

broken() {
  note "$*"
  [ ! -s "$work/client.log" ] || { note "the client said:"; tail -n 15 "$work/client.log" >&2; }
  [ ! -s "$work/server.log" ] || { note "the server said:"; tail -n 15 "$work/server.log" >&2; }
  exit 1
}

waiting() { [ ! -t 2 ] || printf '\r\033[K%s' "${1:+$1 ...}" >&2; }

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

make_keys() {
  "$tools/nacre-keygen" -q -t ed25519 -N '' -f "$work/host_key" >"$work/client.log" 2>&1 || broken "nacre-keygen failed"
  "$tools/nacre-keygen" -q -t ed25519 -N '' -f "$work/user_key" >"$work/client.log" 2>&1 || broken "nacre-keygen failed"
  cp "$work/user_key.pub" "$work/authorized_keys"
  chmod 600 "$work/authorized_keys"
}

# Another program may take a free port before the server does; then the next one is tried.
start_server() {
  local attempt turn
  for attempt in 1 2 3; do
    port=$(free_port)
    "$tools/nacre-sshd" -D -e -p "$port" -h "$work/host_key" -o AuthorizedKeysFile="$work/authorized_keys" \
      >"$work/server.log" 2>&1 </dev/null &
    server=$!
    for turn in $(seq 100); do
      kill -0 "$server" 2>/dev/null || break
      if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then return 0; fi
      sleep 0.05
    done
    : "$attempt $turn"
  done
  broken "nacre-sshd does not start"
}

options() {
  printf '%s\n' -p "$port" -i "$work/user_key" -o StrictHostKeyChecking=accept-new \
    -o UserKnownHostsFile="$work/known_hosts" -o BatchMode=yes
}

nacre() { "$tools/nacre-ssh" "${client_options[@]}" "$@" "$user@127.0.0.1" "${remote:-}"; }

log_in() {
  local answer
  answer=$(remote='echo hello from $(id -un)' nacre -v 2>"$work/client.log" </dev/null) ||
    broken "nacre-ssh cannot run a command on nacre-sshd"
  say "nacre-ssh -> nacre-sshd     $answer"
  grep -iE 'key exchange|host key|cipher|mac:' "$work/client.log" | head -n 6 | sed 's/^/    /' || true
  command -v ssh >/dev/null || { say "ssh -> nacre-sshd           (there is no ssh on this system)"; return; }
  answer=$(ssh -F none "${client_options[@]}" "$user@127.0.0.1" 'echo hello from $(id -un)' 2>"$work/client.log" </dev/null) ||
    broken "the system's ssh cannot run a command on nacre-sshd"
  say "ssh -> nacre-sshd           $answer  ($(ssh -V 2>&1 | cut -d, -f1))"
}

# moved TEXT START FROM TO: compares the checksums and tells the speed.
moved() {
  local end=$EPOCHREALTIME
  [ "$(sha256sum <"$3")" = "$(sha256sum <"$4")" ] || broken "$1: what arrived differs from what was sent"
  waiting ""
  awk -v text="$1" -v mb="$megabytes" -v start="$2" -v end="$end" \
    'BEGIN { s = end - start; printf "%-27s %d MB in %.2f s, %.0f MB/s, checksums agree\n", text, mb, s, mb / s }'
  rm -f "$4"
}

move_data() {
  local start
  waiting "making $megabytes MB of random bytes"
  head -c "${megabytes}M" /dev/urandom >"$work/sent"
  waiting "moving $megabytes MB to the server"
  start=$EPOCHREALTIME
  remote="cat >'$work/received'" nacre <"$work/sent" 2>"$work/client.log" || broken "sending $megabytes MB failed"
  moved "to the server" "$start" "$work/sent" "$work/received"
  waiting "moving $megabytes MB from the server"
  start=$EPOCHREALTIME
  remote="cat '$work/sent'" nacre >"$work/received" 2>"$work/client.log" </dev/null || broken "fetching $megabytes MB failed"
  moved "from the server" "$start" "$work/sent" "$work/received"
}

by_hand() {
  cat <<TEXT

By hand, in two terminals:
  cd $nacre_root/build/release/tools
  ./nacre-keygen -N '' -f host_key
  ./nacre-keygen -N '' -f my_key
  ./nacre-sshd -D -e -p 2222 -h host_key -o AuthorizedKeysFile=\$PWD/my_key.pub    # serves $user on loopback
  ./nacre-ssh -p 2222 -i my_key $user@127.0.0.1       # or: ssh -p 2222 -i my_key $user@127.0.0.1
TEXT
}

main() {
  build_release tools/nacre-ssh tools/nacre-sshd tools/nacre-keygen
  work=$(mktemp -d)
  trap clean_up EXIT
  trap 'exit 130' INT TERM
  make_keys
  start_server
  mapfile -t client_options < <(options)
  log_in
  move_data
  by_hand
}

main "$@"
