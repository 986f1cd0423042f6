#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The example programs do what the shell's own do, and the tests of what every
# program relies on pass, in each way that programs are built. The test `start`
# is given an environment of which it must not find anything.
#
# Copyright (C) 2026 The cloudabi.ko authors

cd "$(dirname "$0")/programs" || exit 1
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
n=0
failed=0

result()
{
	status=$?
	n=$((n + 1))
	if [ $status = 0 ]; then
		echo "ok $n - $*"
	else
		echo "not ok $n - $* # status $status"
		failed=1
	fi
}

# same NAME COMMAND: compares what is left in $tmp/want and $tmp/got.
same()
{
	cmp "$tmp/want" "$tmp/got" 2>&1 | sed 's/^/# /'
	cmp -s "$tmp/want" "$tmp/got"
	result "$@"
}

make_inputs()
{
	: >"$tmp/empty"
	printf 'no end of line' >"$tmp/short"
	head -c 1000003 /dev/urandom >"$tmp/random"
	i=0
	while [ $i -lt 2000 ]; do
		echo "line $i, which is $((i * i % 97))"
		i=$((i + 1))
	done >"$tmp/lines"
	head -c 300000 /dev/urandom | base64 >"$tmp/many"
	# Longer than any buffer, with something to find behind it.
	{
		head -c 700000 /dev/zero | tr '\0' x
		echo ' needle'
	} >"$tmp/long"
}

test_sum()
{
	for input in empty short random; do
		sha256sum <"$tmp/$input" >"$tmp/want"
		"./$1sum" <"$tmp/$input" >"$tmp/got"
		same "$1sum $input"
	done
}

# Whatever the number of threads, and more of them than lines.
test_sort()
{
	for input in empty short lines many; do
		LC_ALL=C sort <"$tmp/$input" >"$tmp/want"
		for j in 1 2 7 64; do
			"./$1sort" -j$j <"$tmp/$input" >"$tmp/got"
			same "$1sort -j$j $input"
		done
	done
}

test_cat()
{
	for input in empty random; do
		cp "$tmp/$input" "$tmp/want"
		"./$1cat" <"$tmp/$input" >"$tmp/got"
		same "$1cat $input"
	done
	cp "$tmp/random" "$tmp/want"
	# shellcheck disable=SC2002 # a pipe is what it is about
	cat "$tmp/random" | "./$1cat" | cat >"$tmp/got"
	same "$1cat between pipes"
}

test_wc()
{
	echo 2000 10000 $(($(wc -c <"$tmp/lines"))) >"$tmp/want"
	"./$1wc" <"$tmp/lines" >"$tmp/got"
	same "$1wc lines"
	echo 2000 >"$tmp/want"
	"./$1wc" -l <"$tmp/lines" >"$tmp/got"
	same "$1wc -l lines"
}

# grep_one VARIANT STATUS INPUT ARGUMENT...
grep_one()
{
	variant=$1 want=$2 input=$3
	shift 3
	grep "$@" <"$tmp/$input" >"$tmp/want"
	"./${variant}grep" "$@" <"$tmp/$input" >"$tmp/got"
	got=$?
	cmp -s "$tmp/want" "$tmp/got" && [ $got = "$want" ]
	result "${variant}grep $* $input"
}

test_grep()
{
	grep_one "$1" 0 lines 'is 9.$'
	grep_one "$1" 0 lines -v '^line 1*,'
	grep_one "$1" 0 lines -F ', which is 1'
	grep_one "$1" 0 lines -c 'which'
	grep_one "$1" 0 lines -in 'LINE 19[0-9]*5'
	grep_one "$1" 1 lines 'nowhere'
	grep_one "$1" 0 long 'x needle$'
	grep_one "$1" 0 short 'no end'
}

# Programs that start programs, each built as the others are or in another way.
test_pipeline()
{
	grep -v '^line 1' <"$tmp/lines" | LC_ALL=C sort | wc -l |
		sed 's/^ *//' >"$tmp/want"
	"./$1pipeline" "$1grep" -v '^line 1' '|' "$1sort" -j2 '|' wc -l \
		<"$tmp/lines" 3<. >"$tmp/got"
	same "$1pipeline grep sort wc"
	sha256sum <"$tmp/random" >"$tmp/want"
	"./$1pipeline" exec/cat '|' generic/cat '|' sum \
		<"$tmp/random" 3<. >"$tmp/got"
	same "$1pipeline cat cat sum"
	"./$1pipeline" "$1cat" '|' "$1grep" nowhere <"$tmp/lines" 3<.
	[ $? = 1 ]
	result "$1pipeline has the status of its last program"
}

# fails STATUS MESSAGE COMMAND: the command's status and its message.
fails()
{
	want=$1 message=$2
	shift 2
	sh -c "$*" 2>"$tmp/message" >/dev/null
	got=$?
	[ $got = "$want" ] && [ "$(cat "$tmp/message")" = "$message" ]
	result "fails: $*"
}

test_errors()
{
	fails 1 'cat: read: EBADF' './cat <&-'
	fails 1 'sum: write: EBADF' './sum </dev/null >&-'
	fails 1 'usage: sum <FILE' './sum word </dev/null'
	fails 2 'grep: pattern: [ without ]' "./grep '[' </dev/null"
	fails 2 'usage: grep [-cFinqv] PATTERN <FILE' './grep </dev/null'
	fails 127 'pipeline: nothing: ENOENT' './pipeline cat "|" nothing 3<.'
	fails 127 'pipeline: ../t: ENOTCAPABLE' './pipeline ../t 3<.'
	fails 127 'pipeline: cat: EBADF' './pipeline cat </dev/null'
	fails 127 'pipeline: process_test: ENOEXEC' \
		'./pipeline process_test </dev/null 3<..'
}

# passes PROGRAM: a test program, which prints KTAP of its own.
passes()
{
	"$@" >"$tmp/got"
	status=$?
	grep '^not ok' "$tmp/got" | sed 's/^/# /'
	[ $status = 0 ]
	result "${1#"$tmp/"}"
}

test_basics()
{
	for program in tls calls argdata; do
		passes "./$1$program"
	done
	mkdir -p "$tmp/CLOUDABI_START_MARKER/$1"
	cp "$1start" "$tmp/CLOUDABI_START_MARKER/$1"
	export CLOUDABI_START_MARKER=x
	passes "$tmp/CLOUDABI_START_MARKER/$1start"
	unset CLOUDABI_START_MARKER
}

echo 'KTAP version 1'
echo '1..126'
make_inputs
for variant in '' generic/ exec/; do
	test_sum "$variant"
	test_sort "$variant"
	test_cat "$variant"
	test_wc "$variant"
	test_grep "$variant"
	test_pipeline "$variant"
	test_basics "$variant"
done
test_errors
exit $failed
