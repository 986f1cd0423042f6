#!/bin/sh
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# Tests of the generator and of the comparison with facts. Runs at the top of
# the tree and prints KTAP. The facts are those that the table itself states,
# and those of a file if one is given.
set -u

gen=uapi/abi/gen.sh
table=uapi/abi/cloudabi.abi
facts=${1-}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
number=0
failures=0

# Notes the result of a test: its status and its name.
result()
{
	number=$((number + 1))
	if [ "$1" = 0 ]; then
		echo "ok $number $2" >>"$work/results"
	else
		echo "not ok $number $2" >>"$work/results"
		sed 's/^/# /' "$work/output" | head -20 >>"$work/results"
		failures=$((failures + 1))
	fi
}

skip()
{
	number=$((number + 1))
	echo "ok $number $1 # SKIP $2" >>"$work/results"
}

# Runs a command quietly; its output is shown when the test fails.
quietly()
{
	"$@" >"$work/output" 2>&1
}

# --- The generator ----------------------------------------------------------

test_current()
{
	quietly "$gen" check
	result $? "files are current"
}

test_stale()
{
	cp "$table" "$work/table"
	sed -i 's/^errno 4 EADDRNOTAVAIL /errno 4 EADDRNOTAVAIL2 /' "$work/table"
	quietly env TABLE="$work/table" "$gen" check
	[ $? = 1 ] && grep -q "^module/abi_gen.h: .*make abi" "$work/output" &&
		grep -q "^tools/lib/abi_names.c: " "$work/output"
	result $? "a changed table makes files stale"
}

# All awks print the same.
test_awk()
{
	command -v "${1%% *}" >"$work/output" || {
		skip "same output with $1" "not installed"
		return
	}
	quietly env AWK="$1" "$gen" check &&
		env AWK="$1" "$gen" print-facts >"$work/by-awk" &&
		quietly cmp "$work/by-awk" "$work/facts"
	result $? "same output with $1"
}

# A table with an error: an expression for sed that makes it, the message.
test_invalid()
{
	sed "$1" "$table" >"$work/table"
	mkdir -p "$work/out"
	quietly env TABLE="$work/table" "$gen" make "$work/out"
	[ $? = 1 ] && grep -q "^$work/table:[0-9]*: $2" "$work/output" &&
		! cmp -s "$table" "$work/table" &&
		[ -z "$(find "$work/out" -type f)" ]
	result $? "invalid: $2"
	rm -rf "$work/out"
}

test_line()
{
	sed 's/^call 3 fd_close fd:fd/call 3 fd_close fx:fd/' "$table" \
		>"$work/table"
	line=$(grep -n '^call 3 ' "$work/table" | cut -d: -f1)
	quietly env TABLE="$work/table" "$gen" make "$work/out"
	grep -q "^$work/table:$line: unknown type: fx" "$work/output"
	result $? "an error names its line"
}

test_invalid_tables()
{
	test_line
	test_invalid 's/^call 12 /calls 12 /' "unknown keyword: calls"
	test_invalid 's/^call 12 /call 11 /' "duplicate number of a call"
	test_invalid 's/^call 12 /call 13 /' "gap before the number of a call"
	test_invalid 's/^errno 40 /errno 41 /' "gap before the number of a errno"
	test_invalid 's/^signal 7 /signal 6 /' "duplicate number of a signal"
	test_invalid 's/^value END 2 /value END 1 /' "duplicate number: WHENCE_END"
	test_invalid 's/^value DSYNC 0x0002/value DSYNC 0x0003/' "not one bit"
	test_invalid 's/^value DSYNC 0x0002/value DSYNC 0x0001/' "duplicate number"
	test_invalid 's/^value DSYNC 0x0002/value DSYNC 0x10000/' "too large"
	test_invalid 's/^value DSYNC 0x0002/value DSYNC 2x/' "not a number: 2x"
	test_invalid 's/^value APPEND/value DSYNC/' "constant defined twice"
	test_invalid 's/^type tid u32/type tid u33/' "unknown representation"
	test_invalid 's/^type inode/type device/' "defined twice: device"
	test_invalid 's/^field rights fs/field right fs/' "unknown type: right"
	test_invalid 's/^field \*lock lock/field *lok lock/' "unknown type: lok"
	test_invalid 's/^field inode d_ino/field inode d_next/' \
		"member defined twice"
	test_invalid 's/ -> timestamp:time / -> *timestamp:time /' \
		"not a type of a result"
	test_invalid 's/ -> fd:fd tid:tid/& tid:more/' "more than two results"
	test_invalid 's/^\(call 33 .*\) ->/\1 fd:more ->/' "more than six inputs"
	test_invalid 's/filesize:off /filesize:len /' "argument named twice"
	test_invalid 's/|FD_SEEK /|FD_SEAK /' "unknown right: FD_SEAK"
	test_invalid 's/^need fd_dup /need fd_doop /' "unknown call: fd_doop"
	test_invalid 's/^need fd_dup from/need fd_dup fd/' "unknown argument: fd"
	test_invalid 's/^need fd_replace from,to/need fd_replace from,two/' \
		"unknown argument: two"
	test_invalid '/^need fd_dup /d' "no line on rights: fd_dup"
	test_invalid 's/ @REGULAR_FILE/ @REGULAR_FIL/' "unknown set of rights"
	test_invalid 's/^maximum PROCESS base/maximum PROCES base/' \
		"unknown file type: PROCES"
	test_invalid '/^maximum PROCESS /d' "no maximum rights: FILETYPE_PROCESS"
	test_invalid '/^maximum PROCESS inh/d' "no inheriting maximum: PROCESS"
	test_invalid 's/ ENOENT=2/ ENOENT/' "not NAME=NUMBER: ENOENT"
	test_invalid 's/ ESRCH=3/ ENOENT=2/' "mapped twice: ENOENT"
	test_invalid 's/ TERMINATE SIGABRT/ DIE SIGABRT/' "unknown action: DIE"
	test_invalid '/^deviation/s/ -- .*//' "a deviation without a reason"
	test_invalid 's/^struct tcb/& extra/' "wrong number of words"
}

# --- The comparison ----------------------------------------------------------

test_facts()
{
	quietly "$gen" facts "$1"
	result $? "table agrees with $2"
}

# Whether the comparison fails and says so about each line of a list.
reports_lines()
{
	quietly "$gen" facts "$1"
	[ $? = 1 ] || return 1
	grep -v 'on purpose' "$work/output" |
		sed -n "s|^$1:\([0-9]*\): .*|\1|p" | sort -u >"$work/reported"
	sort -u "$2" >"$work/expected"
	comm -13 "$work/reported" "$work/expected" >"$work/missed"
	[ ! -s "$work/missed" ]
}

# Changes a column in all lines of a kind, one character each, and expects that
# each of them is noticed. Of prose, only the names of errors count.
test_column()
{
	awk -F '\t' -v OFS='\t' -v kind="$1" -v column="$2" \
	    -v lines="$work/changed" '
		$1 == kind {
			old = $column
			if (kind == "errnospecial" && column > 2)
				gsub(/E[A-Z]+/, "EDOM", $column)
			else if ($column ~ /^[^ ]*[0-9a-f]$/ && $column ~ /[0-9]/)
				$column = substr(old, 1, length(old) - 1) \
					  (old ~ /0$/ ? "1" : "0")
			else
				$column = old "x"
			if ($column != old)
				print NR >lines
		}
		{ print }' "$work/facts" >"$work/mutated"
	reports_lines "$work/mutated" "$work/changed"
	result $? "every change noticed: $1, column $2"
	rm -f "$work/changed"
}

test_columns()
{
	awk -F '\t' '{ if (NF > most[$1]) most[$1] = NF }
		END { for (kind in most) print kind, most[kind] }' \
		"$work/facts" | sort >"$work/kinds"
	while read -r kind most; do
		column=2
		while [ "$column" -le "$most" ]; do
			test_column "$kind" "$column"
			column=$((column + 1))
		done
	done <"$work/kinds"
}

# One change to the facts: an expression for sed, what must be reported.
test_change()
{
	sed "$1" "$work/facts" >"$work/mutated"
	quietly "$gen" facts "$work/mutated"
	[ $? = 1 ] && grep -q -- "$2" "$work/output"
	result $? "noticed: $2"
}

test_changes()
{
	test_change 's/^\(syscall	fd_seek	\)12/\113/' \
		"syscall fd_seek: number is 13, the table has 12"
	test_change 's/^\(struct	fdstat	fs_flags	\)2/\14/' \
		"struct fdstat/fs_flags: 64-bit offset is 4, the table has 2"
	test_change 's/^\(arg	fd_pread	3.*	\)r10/\1rcx/' \
		"arg fd_pread/3: x86-64 register is rcx, the table has r10"
	test_change 's/^\(rightreq	fd_pread	fd	\)FD_READ|/\1/' \
		"rightreq fd_pread of fd: base rights is FD_SEEK"
	test_change 's/^\(rightsmax	PROCESS	base	0x[0-9]*\)80000/\1c0000/' \
		"rightsmax PROCESS/base: rights is 0x00000000400c0000"
	test_change 's/^\(rightsmax	BLOCK_DEVICE	base	0x.*7f\)f/\1e/' \
		"rightsmax BLOCK_DEVICE/base: rights is 0x000000815ffff7fe"
	test_change 's/^\(const	CLOUDABI_MAP_ANON_FD	\).*/\10xfffffffe/' \
		"value is 4294967294, the table has 4294967295"
	test_change 's/^\(errno	EDOM	33	\)EDOM/\1ERANGE/' \
		"errno EDOM: CloudABI name is ERANGE, the table has EDOM"
	test_change 's/^\(signal	SIGHUP	.*	\)terminate/\1ignore/' \
		"signal SIGHUP: default action is ignore, the table has terminate"
	test_change 's/^\(arg	file_link	3	.*	\)\[sp,#0\]/\1r3/' \
		"arg file_link/3: armv6 place is r3"
	test_change 's/^\(flagmap	PROT_READ.* \)0*x*1$/\14/' \
		"flagmap PROT_READ: Linux value is PROT_READ 4"
	test_change '/^errno	ENOENT	/d' "errno ENOENT: no fact about it"
	test_change '/^signal	SIGHUP	/p' "signal SIGHUP: there is an earlier line"
	test_change '1s/^/sorcery	fd_seek	1\n/' "unknown kind of fact: sorcery"
	test_change 's/^\(syscall	fd_dup	7\)/\1	note	more/' \
		"syscall fd_dup: 5 columns"
	test_change 's/^\(const	CLOUDABI_EPERM\)	/\1 /' "2 columns"
	test_change 's/^\(const	CLOUDABI_EPERM\)/\1M/' \
		"const CLOUDABI_EPERMM: not in the table"
	test_change '/^rightsmax	BLOCK_DEVICE	base/s/	0x[0-9a-f]*/	0x0000000000000000/' \
		"deviation declared, but there is none: rightsmax BLOCK_DEVICE/base"
}

test_no_facts()
{
	echo "# nothing" >"$work/mutated"
	quietly "$gen" facts "$work/mutated"
	[ $? = 1 ] && grep -q "no facts to compare with" "$work/output"
	result $? "a file without facts is no agreement"
}

"$gen" print-facts >"$work/facts" 2>"$work/output"
result $? "the table states facts"
test_current
test_stale
test_awk mawk
test_awk "gawk --posix"
test_awk "busybox awk"
test_invalid_tables
test_facts "$work/facts" "its own facts"
if [ -n "$facts" ]; then
	test_facts "$facts" "the file of facts"
else
	skip "table agrees with the file of facts" "none given"
fi
test_columns
[ -z "$facts" ] || cp "$facts" "$work/facts"
test_changes
test_no_facts
echo "KTAP version 1"
echo "1..$number"
cat "$work/results"
[ "$failures" = 0 ]
