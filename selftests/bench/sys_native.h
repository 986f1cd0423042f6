/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Native system calls, by functions like those of a static C library.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _SYS_NATIVE_H
#define _SYS_NATIVE_H

#include <elf.h>
#include <sys/socket.h>
#include <time.h>

#include <asm/ioctls.h>
#include <asm/stat.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/mman.h>
#include <linux/openat2.h>
#include <linux/poll.h>

/* native.S; what fails returns -1. */
long native_getppid(void);
long native_read(int fd, void *buf, size_t len);
long native_write(int fd, const void *buf, size_t len);
long native_lseek(int fd, long offset, int whence);
long native_dup(int fd);
long native_close(int fd);
long native_ppoll(struct pollfd *fds, unsigned int n,
		  const struct timespec *timeout, const void *mask, size_t size);
void *native_mmap(void *addr, size_t len, int prot, int flags, int fd,
		  long offset);
long native_ioctl(int fd, unsigned long command, void *argument);
long native_munmap(void *addr, size_t len);
long native_openat2(int dir, const char *name, const struct open_how *how,
		    size_t size);
long native_newfstatat(int dir, const char *name, struct stat *stat, int flags);
long native_readlinkat(int dir, const char *name, void *buf, size_t len);
long native_renameat(int dir1, const char *from, int dir2, const char *to);
long native_unlinkat(int dir, const char *name, int flags);
long native_getdents64(int dir, void *buf, size_t len);
long native_sendto(int sock, const void *buf, size_t len, int flags,
		   const void *address, size_t size);
long native_recvfrom(int sock, void *buf, size_t len, int flags, void *address,
		     unsigned int *size);
long native_sendmsg(int sock, const struct msghdr *msg, int flags);
long native_recvmsg(int sock, struct msghdr *msg, int flags);
long native_clock_gettime(int clock, struct timespec *time);
long native_fork(void);
long native_wait4(int pid, int *status, int options, void *usage);
long native_execveat(int dir, const char *name, char *const argv[],
		     char *const envp[], int flags);
_Noreturn void native_exit_group(int code);

/* The stack as the program got it: argc, argv, environment, auxiliary vector. */
extern const uint64_t *native_stack;

/* Of the vDSO, which a C library calls by pointers as well. */
static struct {
	int (*clock_gettime)(int clock, struct timespec *time);
	int (*clock_getres)(int clock, struct timespec *resolution);
} native_vdso;

static inline uintptr_t native_auxv(uint64_t type)
{
	const uint64_t *p = native_stack + 1 + *native_stack + 1;

	while (*p++)
		continue;
	for (; p[0] != AT_NULL; p += 2) {
		if (p[0] == type)
			return p[1];
	}
	return 0;
}

static inline bool native_is(const char *name, const char *other)
{
	while (*name && *name == *other) {
		name++;
		other++;
	}
	return *name == *other;
}

/* The table of names comes straight after that of symbols. */
static inline void *native_find(uintptr_t base, const char *name)
{
	const Elf64_Phdr *p = (void *)(base + ((Elf64_Ehdr *)base)->e_phoff);
	const Elf64_Sym *symbol = NULL;
	const char *names = NULL;
	const Elf64_Dyn *d;

	while (p->p_type != PT_DYNAMIC)
		p++;
	for (d = (void *)(base + p->p_offset); d->d_tag != DT_NULL; d++) {
		if (d->d_tag == DT_SYMTAB)
			symbol = (void *)(base + d->d_un.d_ptr);
		else if (d->d_tag == DT_STRTAB)
			names = (char *)(base + d->d_un.d_ptr);
	}
	for (; symbol && (char *)symbol < names; symbol++) {
		if (native_is(names + symbol->st_name, name))
			return (void *)(base + symbol->st_value);
	}
	return NULL;
}

static struct pollfd pollfds[SYS_POLL_MAX];
static struct pollfd ready_pollfds[SYS_READY_MAX];

static inline bool sys_init(void)
{
	uintptr_t base = native_auxv(AT_SYSINFO_EHDR);

	if (!base)
		return false;
	native_vdso.clock_gettime = native_find(base, "__vdso_clock_gettime");
	native_vdso.clock_getres = native_find(base, "__vdso_clock_getres");
	return native_vdso.clock_gettime && native_vdso.clock_getres;
}

static inline bool sys_poll_init(void)
{
	for (unsigned int i = 0; i < SYS_POLL_MAX; i++)
		pollfds[i] = (struct pollfd){ SYS_POLL_FD, POLLIN, 0 };
	for (unsigned int i = 0; i < SYS_READY_MAX; i++)
		ready_pollfds[i] = (struct pollfd){ SYS_READY_FD, POLLIN, 0 };
	return true;
}

static inline bool sys_poll(unsigned int n)
{
	const struct timespec now = { 0, 0 };

	return !native_ppoll(pollfds, n, &now, NULL, 8);
}

static inline bool sys_poll_ready(unsigned int n, bool bytes)
{
	const struct timespec now = { 0, 0 };
	bool good = native_ppoll(ready_pollfds, n, &now, NULL, 8) == (long)n;
	int readable;

	for (unsigned int i = 0; bytes && i < n; i++)
		good &= !native_ioctl(ready_pollfds[i].fd, FIONREAD,
				      &readable) && readable == 1;
	return good;
}

static inline bool sys_null(void)
{
	return native_getppid() > 0;
}

static inline bool sys_read(int fd, void *buf, size_t len)
{
	return native_read(fd, buf, len) == (long)len;
}

static inline bool sys_write(int fd, const void *buf, size_t len)
{
	return native_write(fd, buf, len) == (long)len;
}

static inline bool sys_seek(int fd, uint64_t offset)
{
	return native_lseek(fd, offset, SEEK_SET) == (long)offset;
}

static inline bool sys_dup_close(int fd)
{
	long copy = native_dup(fd);

	return copy >= 0 && !native_close(copy);
}

static inline void *sys_map(bool writable)
{
	void *page = native_mmap(NULL, SYS_PAGE,
				 PROT_READ | (writable ? PROT_WRITE : 0),
				 MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);

	return page == (void *)-1 ? NULL : page;
}

static inline bool sys_unmap(void *page)
{
	return !native_munmap(page, SYS_PAGE);
}

static inline bool sys_open_as(int dir, const char *name, uint64_t flags)
{
	struct open_how how = {
		.flags = O_RDWR | O_CLOEXEC | flags,
		.mode = flags & O_CREAT ? 0777 : 0,
		.resolve = RESOLVE_BENEATH,
	};
	long fd = native_openat2(dir, name, &how, sizeof(how));

	return fd >= 0 && !native_close(fd);
}

static inline bool sys_open_close(int dir, const char *name)
{
	return sys_open_as(dir, name, 0);
}

static inline bool sys_open_close_few(int dir, const char *name)
{
	return sys_open_as(dir, name, 0);
}

static inline bool sys_create_unlink(int dir, const char *name)
{
	return sys_open_as(dir, name, O_CREAT | O_EXCL) &
	       !native_unlinkat(dir, name, 0);
}

static inline bool sys_stat(int dir, const char *name)
{
	struct stat stat;

	return !native_newfstatat(dir, name, &stat, AT_SYMLINK_NOFOLLOW);
}

static inline bool sys_readlink(int dir, const char *name, void *buf,
				size_t len)
{
	return native_readlinkat(dir, name, buf, len) > 0;
}

static inline bool sys_rename(int dir, const char *from, const char *to)
{
	return !native_renameat(dir, from, dir, to);
}

static inline bool sys_list(int dir, void *buf, size_t len)
{
	return !native_lseek(dir, 0, SEEK_SET) &&
	       native_getdents64(dir, buf, len) > 0;
}

static inline bool sys_send(int sock, const void *buf, size_t len)
{
	return native_sendto(sock, buf, len, MSG_NOSIGNAL, NULL, 0) ==
	       (long)len;
}

static inline bool sys_recv(int sock, void *buf, size_t len)
{
	return native_recvfrom(sock, buf, len, 0, NULL, NULL) == (long)len;
}

/* Both directions use one control message. */
static inline bool sys_pass_close(int from, int to, int fd)
{
	struct {
		struct cmsghdr header;
		int fd;
	} control = {
		.header.cmsg_len = CMSG_LEN(sizeof(int)),
		.header.cmsg_level = SOL_SOCKET,
		.header.cmsg_type = SCM_RIGHTS,
		.fd = fd,
	};
	char byte = 0;
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};

	if (native_sendmsg(from, &msg, MSG_NOSIGNAL) != 1)
		return false;
	return native_recvmsg(to, &msg, MSG_CMSG_CLOEXEC) == 1 &&
	       control.header.cmsg_type == SCM_RIGHTS &&
	       !native_close(control.fd);
}

static inline bool sys_fork(int program)
{
	char *const argv[] = { (char *)"exit", NULL };
	int status = -1;
	long child;

	child = native_fork();
	if (!child) {
		if (program >= 0)
			native_execveat(program, "", argv, argv + 1,
					AT_EMPTY_PATH);
		native_exit_group(program >= 0);
	}
	return child > 0 && native_wait4(child, &status, 0, NULL) == child &&
	       !status;
}

static inline uint64_t sys_time(void)
{
	struct timespec time = { 0 };

	native_clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000ull + time.tv_nsec;
}

static inline bool sys_clock(void)
{
	struct timespec time;

	return !native_vdso.clock_gettime(CLOCK_MONOTONIC, &time);
}

static inline bool sys_resolution(void)
{
	struct timespec resolution;

	return !native_vdso.clock_getres(CLOCK_MONOTONIC, &resolution);
}

static inline _Noreturn void sys_exit(int code)
{
	native_exit_group(code);
}

#endif /* _SYS_NATIVE_H */
