// SPDX-License-Identifier: GPL-2.0
/*
 * KTAP output of test programs.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "ktap.h"

static unsigned int planned, count, failed;

void ktap_start(void)
{
	crt_printf(1, "KTAP version 1\n");
}

void ktap_plan(unsigned int tests)
{
	planned = tests;
	crt_printf(1, "1..%u\n", tests);
}

void ktap_diag(const char *format, ...)
{
	char buf[256];
	struct crt_output out = { .fd = 1, .buf = buf, .size = sizeof(buf) };
	va_list ap;

	crt_output_put(&out, "# ", 2);
	va_start(ap, format);
	crt_output_vprintf(&out, format, ap);
	va_end(ap);
	crt_output_put(&out, "\n", 1);
	crt_output_flush(&out);
}

int ktap_finish(void)
{
	if (!planned)
		ktap_plan(count);
	if (planned != count)
		ktap_diag("%u results, but %u were planned", count, planned);
	ktap_diag("%u of %u failed", failed, count);
	return failed || planned != count;
}

void ktap_skip(unsigned int n, const char *name, const char *reason)
{
	while (n--)
		crt_printf(1, "ok %u - %s # SKIP %s\n", ++count, name, reason);
}

/* Counts a result and tells whether it needs an explanation. */
static bool pass(bool ok, const char *name)
{
	count++;
	if (ok)
		crt_printf(1, "ok %u - %s\n", count, name);
	else
		failed++;
	return ok;
}

bool ktap_true(bool ok, const char *name, const char *file, int line)
{
	if (!pass(ok, name))
		crt_printf(1, "not ok %u - %s # %s:%d: does not hold\n", count,
			   name, file, line);
	return ok;
}

bool ktap_equal(uint64_t got, uint64_t want, const char *name,
		const char *file, int line)
{
	bool ok = got == want;

	if (!pass(ok, name))
		crt_printf(1, "not ok %u - %s # %s:%d: got 0x%lx want 0x%lx\n",
			   count, name, file, line, (unsigned long)got,
			   (unsigned long)want);
	return ok;
}

bool ktap_errno(cloudabi_errno_t got, cloudabi_errno_t want, const char *name,
		const char *file, int line)
{
	bool ok = got == want;

	if (!pass(ok, name))
		crt_printf(1, "not ok %u - %s # %s:%d: got %s want %s\n",
			   count, name, file, line, crt_strerror(got),
			   crt_strerror(want));
	return ok;
}
