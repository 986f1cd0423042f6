#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What the KTAP reader makes of results, and of all that can go wrong with them.

cd "$(dirname "$0")" || exit 1
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
n=0 failed=0

# result NAME: tells the last command's.
result()
{
	local ok='ok'

	[ $? = 0 ] || ok='not ok' failed=1
	n=$((n + 1))
	echo "$ok $n $*"
}

# reads 'P F S' NAME [OPTION...] <INPUT: the numbers which the reader counts.
reads()
{
	local want=$1 name=$2 got rc=0 bad=1

	shift 2
	[[ $want != *' 0 '* ]] || bad=0
	cat >"$tmp/in"
	./ktap "$@" "$tmp/in" >"$tmp/out" 2>"$tmp/err" || rc=$?
	got=$(tail -n 1 "$tmp/out" | tr -dc '0-9 ' | tr -s ' ')
	[ "${got% }" = "$want" ] && [ $rc = $bad ] && [ ! -s "$tmp/err" ] || {
		echo "# wanted $want, status $bad; got $got, status $rc"
		sed 's/^/# /' "$tmp/out" "$tmp/err"
		false
	}
	result "$name"
}

# logs TEXT...: makes the kernel's log for the next.
logs() { printf '%s\n' "$@" >"$tmp/log"; }

good='KTAP version 1
1..1
ok 1 a'

echo "KTAP version 1"

reads '2 0 1' 'plain results' <<'E'
KTAP version 1
1..3
ok 1 first
ok 2 - second
ok 3 third # SKIP for no reason
E

reads '1 1 0' 'one that failed' <<'E'
KTAP version 1
1..2
# the reason
not ok 1 first
ok 2 second
E
grep -qx '    # the reason' "$tmp/out"
result 'what was said before a failure is shown'

reads '4 0 0' 'nested results: the leaves count' <<'E'
KTAP version 1
1..2
    KTAP version 1
    # Subtest: suite
    1..2
        KTAP version 1
        1..2
        ok 1 deep
        ok 2 deeper
    ok 1 one
    ok 2 two
ok 1 suite
ok 2 last
E

reads '2 1 0' 'a nested failure counts once' <<'E'
KTAP version 1
1..2
    KTAP version 1
    1..2
    ok 1 one
    not ok 2 two
not ok 1 suite
ok 2 last
E

reads '1 1 0' 'a parent fails, all its tests being well' <<'E'
KTAP version 1
1..1
    1..1
    ok 1 one
not ok 1 suite # exit status 1
E

reads '2 0 1' 'kselftest: TAP 13, and talk' <<'E'
TAP version 13
1..3
# Starting 3 tests from 1 test cases.
#  RUN           fd.dup ...
#            OK  fd.dup
ok 1 fd.dup
ok 2 fd.close
#      SKIP      no such kernel
ok 3 # SKIP no such kernel
# PASSED: 3 / 3 tests passed.
# Totals: pass:2 fail:0 xfail:0 xpass:0 skip:1 error:0
E

kunit='KTAP version 1
1..1
    KTAP version 1
    1..1
        KTAP version 1
        # Subtest: cloudabi_rights
        1..2
        ok 1 cover
            KTAP version 1
            # Subtest: narrow
            ok 1 read
            ok 2 write
        # narrow: pass:2 fail:0 skip:0 total:2
        ok 2 narrow
    # cloudabi_rights: pass:2 fail:0 skip:0 total:2
    ok 1 cloudabi_rights
ok 1 kunit'
reads '3 0 0' 'KUnit: parameters need no plan' -k <<<"$kunit"
reads '3 1 0' 'elsewhere they do' <<<"$kunit"
reads '3 0 0' 'a suite asked for' -k -w cloudabi_rights <<<"$kunit"
reads '3 1 0' 'a suite asked for is missing' -k -w cloudabi_exec <<<"$kunit"
reads '2 1 0' 'a parameter fails' -k <<<"${kunit/ok 2 write/not ok 2 write}"

reads '1 1 0' 'fewer results than planned' <<'E'
KTAP version 1
1..3
ok 1 first
E

reads '3 1 0' 'more results than planned' <<'E'
KTAP version 1
1..2
ok 1 first
ok 2 second
ok 3 third
E

reads '2 1 0' 'fewer nested results than planned' <<'E'
KTAP version 1
1..2
    1..2
    ok 1 one
ok 1 suite
ok 2 last
E

reads '0 2 0' 'cut off inside a subtest' <<'E'
KTAP version 1
1..1
    KTAP version 1
    # Subtest: suite
E

reads '2 1 0' 'no plan' <<'E'
KTAP version 1
ok 1 first
ok 2 second
E

reads '0 1 0' 'a subtest that says nothing' <<'E'
KTAP version 1
1..1
    # Subtest: silent
    hello
ok 1 silent
E

reads '2 1 0' 'numbers out of order' <<'E'
KTAP version 1
1..2
ok 1 first
ok 3 third
E

reads '1 2 0' 'bail out' <<'E'
KTAP version 1
1..2
ok 1 first
Bail out! no memory
E

reads '1 0 0' 'a plan at the end' <<'E'
KTAP version 1
ok 1 first
1..1
E

reads '0 0 1' 'all of a subtest skipped by its plan' <<'E'
KTAP version 1
1..1
    TAP version 13
    1..0 # SKIP no such device
ok 1 suite
E

reads '0 1 0' 'a plan of nothing without a word' <<'E'
KTAP version 1
1..1
    KTAP version 1
    # Subtest: suite
    1..0
ok 1 suite
E

reads '0 1 0' 'nothing at all' </dev/null
reads '0 1 0' 'something else' <<<'Segmentation fault'
reads '1 0 0' 'carriage returns' <<<"${good//$'\n'/$'\r\n'}"

reads '1 0 0' 'the final token' -e <<<"$good"$'\n# done 1'
reads '1 1 0' 'no final token' -e <<<"$good"
reads '1 1 0' 'a final token with another count' -e <<<"$good"$'\n# done 2'

logs '[    1.000000] Spectre V2 : WARNING: Unprivileged eBPF is enabled' \
	'[    1.1] kasan: KernelAddressSanitizer initialized' \
	'[    2.0] traps: x[7] general protection fault ip:1 sp:2 error:0' \
	'[    2.1] x[8]: segfault at 0 ip 0 sp 0 error 4' \
	'[    2.2] a[9] bad frame in rt_sigreturn, Oopsie'
reads '1 0 0' 'a kernel log without a splat' -l "$tmp/log" <<<"$good"
reads '1 1 0' 'no kernel log' -l "$tmp/nothing" <<<"$good"

for splat in \
	'BUG: KASAN: use-after-free in f+0x1/0x2' \
	'BUG: kernel NULL pointer dereference, address: 0' \
	'kernel BUG at mm/slub.c:1!' \
	'WARNING: CPU: 0 PID: 1 at fs/open.c:1 f+0x1/0x2' \
	'WARNING: possible circular locking dependency detected' \
	'WARNING: suspicious RCU usage' \
	'UBSAN: shift-out-of-bounds in f.c:1:2' \
	'Oops: 0000 [#1] PREEMPT SMP KASAN' \
	'general protection fault, probably for non-canonical address 0x1' \
	'BUG: scheduling while atomic: a/1/0x2' \
	'BUG: sleeping function called from invalid context at f.c:1' \
	'INFO: task a:1 blocked for more than 120 seconds.' \
	'rcu: INFO: rcu_preempt self-detected stall on CPU' \
	'watchdog: BUG: soft lockup - CPU#0 stuck for 22s!' \
	'kmemleak: 2 new suspected memory leaks (see ...)' \
	'unreferenced object 0xffff888003923100 (size 128):' \
	'refcount_t: underflow; use-after-free.' \
	'Kernel panic - not syncing: f' \
	'Call Trace:'
do
	logs 'boot' "[    1.234567] $splat" 'more'
	reads '1 1 0' "splat: ${splat//#/}" -l "$tmp/log" <<<"$good"
done

logs '------------[ cut here ]------------' \
	'WARNING: CPU: 1 PID: 9 at kernel/seccomp.c:1 __secure_computing' \
	'Call Trace:' '---[ end trace 0000000000000000 ]---'
expect='WARNING: .* at kernel/seccomp\.c'
reads '1 0 0' 'an expected splat' -l "$tmp/log" -x "$expect" <<<"$good"
reads '1 2 0' 'another than expected' -l "$tmp/log" -x 'at fs/' <<<"$good"
cat "$tmp/log" "$tmp/log" >"$tmp/twice"
reads '1 1 0' 'an expected splat twice' -l "$tmp/twice" -x "$expect" <<<"$good"
echo 'BUG: KASAN: use-after-free' >>"$tmp/log"
reads '1 1 0' 'one more after it' -l "$tmp/log" -x "$expect" <<<"$good"
logs quiet
reads '1 1 0' 'an expected splat is missing' -l "$tmp/log" -x "$expect" \
	<<<"$good"

echo "1..$n"
exit $failed
