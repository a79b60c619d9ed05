# SPDX-License-Identifier: Apache-2.0
"""What agents do all day, and the worker does for them: scripts, and what they print where a session
can work."""
from __future__ import annotations

SHELL = {
    "a terminal": ("script -qec 'bash -ic \"tty | cut -c1-8; sleep 0.1 & wait; echo job\"' /dev/null"
                   " 2>/dev/null | tr -d '\\r' | grep -E '^(/dev/pts|job)' | sort | paste -sd' '",
                   "/dev/pts job"),
    "signals": ("sleep 30 & kill -STOP $! && kill -CONT $! && kill $!; wait $!; echo $?;"
                " (trap 'echo caught' USR1; kill -USR1 $BASHPID)", "143 caught"),
    "pipes and subshells": ("seq 100 | (while read -r n; do :; done; echo $n end) |"
                            " tee >(cat >/dev/null) | xargs", "end"),
    "limits that can be read": ("ulimit -a >/tmp/l && grep -c . /tmp/l >/dev/null && ulimit -Sc",
                                "0"),
    "lower limits": ("(ulimit -n 64 && ulimit -n)", "64"),
    "a clock": ("[ $(date +%Y) -ge 2024 ] && TZ=UTC0 date -d @0 +%F", "1970-01-01"),
    "a UTF-8 locale": ("LC_ALL=C.UTF-8 bash -c 'x=häß; echo ${#x}'", "3"),
    "a user": ("id -u; echo ~ $HOME", "10001 /home/agent /home/agent"),
    "/proc of its own": ("grep -c '^Name:' /proc/self/status; [ -r /proc/cpuinfo ] &&"
                         " [ -r /proc/meminfo ] && ls -l /proc/self/fd >/dev/null && echo read",
                         "1 read"),
}

FILES = {
    "write in the workspace": ("cd /workspace && echo x >w && mkdir -p a/b && mv w a/b && ln -s a/b l"
                               " && cat l/w && rm -r a l", "x"),
    "run a script of its own": ("cd /workspace && printf '#!/bin/sh\\necho built\\n' >tool &&"
                                " chmod +x tool && ./tool", "built"),
    "a build": ("cd /workspace && printf '#!/bin/sh\\necho built' >tool && chmod +x tool && "
                "tar cf t.tar tool && tar xf t.tar && ./tool && rg -c built tool", "built 1"),
    "temporary files": ("f=$(mktemp) && echo x >$f && cat $f && rm $f && stat -c %a /tmp", "x 1777"),
    "files in HOME": ("mkdir -p ~/.config && echo x >~/.config/a && cat ~/.config/a", "x"),
    "shared memory": ("echo x >/dev/shm/s && cat /dev/shm/s && rm /dev/shm/s", "x"),
    "memory for the agent": ("echo x >/mnt/memory/m && cat /mnt/memory/m", "x"),
    "devices": ("head -c 8 /dev/urandom | wc -c; head -c 4 /dev/zero | wc -c; echo >/dev/null;"
                " [ -c /dev/ptmx ] && echo ptmx", "8 4 ptmx"),
    "locks": ("cd /workspace && flock -n lock echo locked", "locked"),
    "modes and owners": ("cd /workspace && umask 077 && >m && stat -c '%a %u' m && chmod u+x m &&"
                         " chown 10001 m && echo kept", "600 10001 kept"),
}

PROGRAMS = {
    "Git": ("cd /workspace && git init -q r && cd r && git config user.email a@b && "
            "git config user.name a && echo x >f && git add f && git commit -qm one && "
            "git clone -q . ../s && git -C ../s log --format=%s", "one"),
    "Node": ("cd /workspace && node -e '"
             "const { Worker } = require(\"node:worker_threads\");"
             "const fs = require(\"node:fs\"); fs.watch(\".\").close();"
             "new Worker(\"setTimeout(() => 0, 10)\", { eval: true }).on(\"exit\", () =>"
             " console.log(require(\"node:child_process\").execSync(\"echo child\").toString()))'",
             "child"),
    "just-in-time code": ("node -e 'let s = 0; for (let i = 0; i < 3e6; i++) s += i % 7;"
                          " console.log(s > 0, typeof WebAssembly)'", "true object"),
    "compression": ("node -e 'const z = require(\"node:zlib\");"
                    " console.log(z.gunzipSync(z.gzipSync(\"zipped\")).toString())'", "zipped"),
    "TLS": ("node -e 'require(\"node:https\"); const c = require(\"node:crypto\");"
            " console.log(require(\"node:tls\").rootCertificates.length > 50,"
            " c.randomBytes(4).length)'; grep -c BEGIN /etc/ssl/certs/ca-certificates.crt |"
            " sed 's/^[0-9][0-9]*$/many/'", "true 4 many"),
}

NETWORK = {
    "names": ("test -r /etc/resolv.conf && test -r /etc/hosts && node -e"
              " 'require(\"node:dns\").lookup(\"localhost\", (e, a) =>"
              " console.log(e ? e.code : \"found\"))'", "found"),
    "a server on loopback": ("node -e 'const net = require(\"node:net\");"
                             " const s = net.createServer((c) => c.end(\"served\"));"
                             " s.listen(0, \"127.0.0.1\", () => net.connect(s.address().port)"
                             ".on(\"data\", (d) => console.log(d.toString()))"
                             ".on(\"close\", () => s.close()))'", "served"),
    "UDP": ("node -e 'const u = require(\"node:dgram\").createSocket(\"udp4\");"
            " u.on(\"message\", (m) => { console.log(m.toString()); u.close(); });"
            " u.bind(0, \"127.0.0.1\", () => u.send(\"sent\", u.address().port))'", "sent"),
    "a Unix socket": ("cd /workspace && node -e 'const net = require(\"node:net\");"
                      " const s = net.createServer((c) => c.end(\"local\"));"
                      " s.listen(\"sock\", () => net.connect(\"sock\")"
                      ".on(\"data\", (d) => console.log(d.toString()))"
                      ".on(\"close\", () => s.close()))'", "local"),
    "network devices": ("node -p 'Object.keys(require(\"node:os\").networkInterfaces())"
                        ".includes(\"lo\")'", "true"),
}

WORK = SHELL | FILES | PROGRAMS | NETWORK
