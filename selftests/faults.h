/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Faults on demand, where the kernel can inject them.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _SELFTESTS_FAULTS_H
#define _SELFTESTS_FAULTS_H

#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#define FAULTS_DIR "/sys/kernel/debug/"

/* Of the thread that opens it. */
#define FAULTS_NTH "/proc/thread-self/fail-nth"

static inline int faults_put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -1;
	n = write(fd, text, strlen(text));
	close(fd);
	return n == (ssize_t)strlen(text) ? 0 : -1;
}

/*
 * Whether faults can be injected into every kind of allocation and copy, of the
 * threads that ask for it by FAULTS_NTH.
 */
static inline bool faults_open(void)
{
	mount("none", "/sys/kernel/debug", "debugfs", 0, NULL);
	if (access(FAULTS_NTH, W_OK) ||
	    faults_put(FAULTS_DIR "failslab/ignore-gfp-wait", "N"))
		return false;
	faults_put(FAULTS_DIR "failslab/verbose", "0");
	faults_put(FAULTS_DIR "fail_usercopy/verbose", "0");
	return true;
}

static inline void faults_close(void)
{
	faults_put(FAULTS_DIR "failslab/ignore-gfp-wait", "Y");
}

/* Also those of whole pages. */
static inline bool faults_open_pages(void)
{
	return !faults_put(FAULTS_DIR "fail_page_alloc/verbose", "0") &&
	       !faults_put(FAULTS_DIR "fail_page_alloc/min-order", "0") &&
	       !faults_put(FAULTS_DIR "fail_page_alloc/ignore-gfp-wait", "N");
}

static inline void faults_close_pages(void)
{
	faults_put(FAULTS_DIR "fail_page_alloc/ignore-gfp-wait", "Y");
	faults_put(FAULTS_DIR "fail_page_alloc/min-order", "1");
}

#endif /* _SELFTESTS_FAULTS_H */
