// SPDX-License-Identifier: GPL-2.0
/*
 * replaced: tells how it was started; see replace.h. Then it does what the last
 * byte of its argument data says:
 *
 *	(anything else)	ends with exit code 0x5a5a5a5a
 *	w		waits until descriptor 0 is closed by the other side, ends
 *	f		dies by SIGFPE
 *	t		its only thread ends
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "replace.h"

#include "io.h"

static struct report report;

static void look_at_descriptors(void)
{
	for (cloudabi_fd_t fd = 0; fd < REPORT_FDS; fd++) {
		if (cloudabi_sys_fd_stat_get(fd, &report.fds[fd]))
			memset(&report.fds[fd], 0, sizeof(report.fds[fd]));
		if (cloudabi_sys_fd_seek(fd, 0, CLOUDABI_WHENCE_CUR,
					 &report.offsets[fd]))
			report.offsets[fd] = 0;
	}
}

static void end_thread(void)
{
	cloudabi_lock_t lock = CLOUDABI_LOCK_WRLOCKED | report.tid;

	cloudabi_sys_thread_exit(&lock, CLOUDABI_SCOPE_PRIVATE);
}

static cloudabi_exitcode_t obey(uint8_t what)
{
	char byte;
	size_t n;

	if (what == 'w')
		crt_read(0, &byte, 1, &n);
	else if (what == 'f')
		cloudabi_sys_proc_raise(CLOUDABI_SIGFPE);
	else if (what == 't')
		end_thread();
	return 0x5a5a5a5a;
}

int program_main(const struct argdata *ad)
{
	const uint8_t *data = crt_auxv.argdata;
	cloudabi_fd_t out = 0;

	(void)ad;
	report.size = crt_auxv.argdatalen;
	report.hash = report_hash(data, report.size);
	report.terminated = !data[report.size];
	report.tid = crt_auxv.tid;
	memcpy(report.uuid, crt_auxv.pid, sizeof(report.uuid));
	look_at_descriptors();
	if (report.size > 1 && data[1] == '=')
		out = data[0] - '0';
	if (crt_write_all(out, &report, sizeof(report)))
		return 99;
	return obey(report.size ? data[report.size - 1] : 0);
}
