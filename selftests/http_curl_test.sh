#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The example program httpd, built in each way, serves curl, a client that is not
# ours, and nothing outside of its directory.
#
# Copyright (C) 2026 The cloudabi.ko authors

cd "$(dirname "$0")" || exit 1
curl=/opt/curl
[ -x $curl ] || curl=curl
tmp=$(mktemp -d) || exit 1
trap 'kill $server 2>/dev/null; rm -rf "$tmp"' EXIT
root=$tmp/root
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

fetch() { $curl -s -S --no-progress-meter --path-as-is "$@"; }

# status PATH: the status of an answer.
status() { fetch -o /dev/null -w '%{http_code}' "$url/$1"; }

mkdir -p "$root/dir"
head -c 3000000 /dev/urandom >"$root/large"
i=0
while [ $i -lt 50 ]; do
	head -c $((i * 997)) /dev/urandom >"$root/dir/$i"
	i=$((i + 1))
done
echo secret >"$tmp/secret"
ln -s ../secret "$root/out"

# start VARIANT: the line tells the port; the fifo is for waiting for it.
start()
{
	mkfifo "$tmp/line"
	./acceptor "$root" "programs/$1httpd" -j4 >"$tmp/line" &
	server=$!
	read -r line <"$tmp/line"
	url=http://127.0.0.1:${line##* }
	rm "$tmp/line"
}

stop()
{
	kill $server
	wait $server
	result "$1httpd"
}

test_large()
{
	fetch "$url/large" | cmp - "$root/large"
	result 'a large file'
	fetch -r 1000000-1999999 "$url/large" >"$tmp/part"
	tail -c +1000001 "$root/large" | head -c 1000000 | cmp - "$tmp/part"
	result 'a part of it'
	fetch -I "$url/large" | tr -d '\r' | grep -qx 'Content-Length: 3000000'
	result 'its length'
}

test_many()
{
	mkdir "$tmp/got"
	fetch -Z --parallel-max 4 -o "$tmp/got/#1" "$url/dir/[0-49]" &&
		diff -r "$root/dir" "$tmp/got"
	result 'many files, over some connections'
	rm -rf "$tmp/got"
	mkdir "$tmp/got"
	fetch -w '%{num_connects}\n' -o "$tmp/got/#1" "$url/dir/[0-49]" \
		>"$tmp/connects" && diff -r "$root/dir" "$tmp/got"
	result 'many files, one after the other'
	rm -rf "$tmp/got"
	[ "$(grep -c '^0$' "$tmp/connects")" = 49 ]
	result 'over one connection'
}

test_refusals()
{
	[ "$(status nothing) $(status dir)" = '404 403' ]
	result 'nothing to see'
	[ "$(fetch -X DELETE -o /dev/null -w '%{http_code}' "$url/large")" = 405 ]
	result 'another method'
	[ "$(status ../secret) $(status %2e%2e/secret) $(status out)" = \
		'403 403 403' ]
	result 'nothing outside'
}

echo 'KTAP version 1'
echo '1..30'
for variant in '' generic/ exec/; do
	start "$variant"
	test_large
	test_many
	test_refusals
	stop "$variant"
done
exit $failed
