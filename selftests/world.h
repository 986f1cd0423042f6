/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the world looks like around a program of launch.h: a snapshot before and
 * one after tell what a call did.
 *
 * The world is a directory of its own, in which the program is started, another
 * process to be harmed, its standard input and output, and all that the kernel
 * shows of the program.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _SELFTESTS_WORLD_H
#define _SELFTESTS_WORLD_H

#include <dirent.h>
#include <limits.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/utsname.h>

#include "launch.h"

/* What a snapshot consists of: X(NAME, name). */
#define WORLD_SECTIONS(X)						\
	X(OUTPUT, output)	/* what it wrote */			\
	X(INPUT, input)		/* what it has not read */		\
	X(FILES, files)		/* the directory */			\
	X(VICTIM, victim)	/* the other process */			\
	X(HOST, host)		/* host name and mounts */		\
	X(FAMILY, family)	/* its threads and children */		\
	/* What is known only as long as the process is there. */	\
	X(STATUS, status)	/* credentials, signals, name ... */	\
	X(FDS, fds)		/* its descriptors */			\
	X(LIMITS, limits)						\
	X(MAPS, maps)		/* its memory map */			\
	X(PLACE, place)		/* directories, executable, namespaces */ \
	X(SCHED, sched)		/* session, priority, policy, timers */	\
	X(SPACE, space)		/* the memory that arguments point to */

enum world_section {
#define X(NAME, name) WORLD_##NAME,
	WORLD_SECTIONS(X)
#undef X
	WORLD_COUNT
};

#define WORLD_BIT(NAME) (1u << WORLD_##NAME)

/* The sections that outlive the process. */
#define WORLD_LASTING (WORLD_BIT(STATUS) - 1)

static inline const char *world_section_name(unsigned int section)
{
	static const char *const names[] = {
#define X(NAME, name) #name,
		WORLD_SECTIONS(X)
#undef X
	};

	return names[section];
}

/**
 * struct scene - what a program is started in
 * @path: its directory
 * @victim: a process that waits to be harmed
 * @written: what the program has written so far
 * @written_len: length of @written
 */
struct scene {
	char path[64];
	pid_t victim;
	char written[1024];
	size_t written_len;
};

/* Memory of the victim that somebody may write to. */
static volatile uint32_t scene_word __attribute__((unused)) = 0x600df00d;

/**
 * struct world - a snapshot
 * @known: the sections that it has, as a mask
 * @text: the sections
 */
struct world {
	unsigned int known;
	char text[WORLD_COUNT][16384];
};

/* --- The scene ------------------------------------------------------------ */

static inline int make_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	ssize_t n;

	if (fd < 0)
		return -1;
	n = write(fd, text, strlen(text));
	close(fd);
	return n == (ssize_t)strlen(text) ? 0 : -1;
}

static inline pid_t start_victim(void)
{
	pid_t pid = fork();

	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	return pid;
}

/**
 * scene_open() - make a scene
 * @scene: filled in
 *
 * It has the program as `native`, `cloudabi` and, native, `other`, a file `old`,
 * a directory `dir` and a symbolic link `link`. The caller's working directory
 * becomes that of the scene. Processes that the program leaves behind become
 * children of the caller.
 *
 * Return: 0 or -1 with errno.
 */
static inline int scene_open(struct scene *scene)
{
	*scene = (struct scene){ .path = "/tmp/scene.XXXXXX" };
	umask(022);
	if (prctl(PR_SET_CHILD_SUBREAPER, 1) || !mkdtemp(scene->path) ||
	    chmod(scene->path, 0755) || chdir(scene->path) ||
	    door_install("native", OSABI_NATIVE, 0755) ||
	    door_install("cloudabi", OSABI_CLOUDABI, 0755) ||
	    door_install("other", OSABI_NATIVE, 0755) ||
	    make_file("old", "something\n") || mkdir("dir", 0755) ||
	    symlink("old", "link"))
		return -1;
	scene->victim = start_victim();
	return scene->victim < 0 ? -1 : 0;
}

/* Gives the next program the same world again. */
static inline void scene_renew(struct scene *scene)
{
	kill_children();
	umount2("dir", MNT_DETACH);
	unlink("new");
	rmdir("new");
	unlink("old");
	unlink("link");
	if (make_file("old", "something\n") || symlink("old", "link") ||
	    (mkdir("dir", 0755) && errno != EEXIST) ||
	    (sethostname("scene", 5) && errno != EPERM))
		abort();
	scene->written_len = 0;
	scene->victim = start_victim();
}

static inline void scene_close(struct scene *scene)
{
	static const char *const names[] = {
		"native", "cloudabi", "other", "old", "new", "link",
	};
	size_t i;

	kill_children();
	umount2("dir", MNT_DETACH);
	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		unlink(names[i]);
	rmdir("new");
	rmdir("dir");
	if (!chdir("/"))
		rmdir(scene->path);
}

/* --- Sections ------------------------------------------------------------- */

/**
 * struct section - a section that is being written
 * @text: its text
 * @used: length so far
 */
struct section {
	char *text;
	size_t used;
};

__attribute__((format(printf, 2, 3)))
static inline void tell(struct section *s, const char *format, ...)
{
	size_t room = sizeof(((struct world *)0)->text[0]) - s->used;
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(s->text + s->used, room, format, ap);
	va_end(ap);
	if (n > 0)
		s->used += (size_t)n < room ? (size_t)n : room - 1;
}

static inline void tell_link(struct section *s, const char *path)
{
	char target[PATH_MAX];
	ssize_t n = readlink(path, target, sizeof(target));

	tell(s, "%s -> %.*s\n", path, n > 0 ? (int)n : 0, target);
}

/* Tells the lines of a file but those which start with a word of @without. */
static inline void tell_file(struct section *s, const char *path,
			     const char *const *without)
{
	FILE *file = fopen(path, "re");
	const char *const *word;
	char line[1024];

	while (file && fgets(line, sizeof(line), file)) {
		for (word = without; word && *word; word++) {
			if (!strncmp(line, *word, strlen(*word)))
				break;
		}
		if (!word || !*word)
			tell(s, "%s", line);
	}
	if (file)
		fclose(file);
}

/* Calls a function for each name in a directory, in order. */
static inline void tell_dir(struct section *s, const char *path,
			    void (*one)(struct section *, const char *,
					const char *))
{
	struct dirent **entries;
	int i, n = scandir(path, &entries, NULL, alphasort);

	for (i = 0; i < n; i++) {
		if (entries[i]->d_name[0] != '.')
			one(s, path, entries[i]->d_name);
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
}

static inline void look_at_output(struct section *s, const struct door *door,
				  struct scene *scene)
{
	size_t room = sizeof(scene->written) - scene->written_len;
	ssize_t n = read(door->output, scene->written + scene->written_len,
			 room);
	size_t i;

	if (n > 0)
		scene->written_len += n;
	for (i = 0; i < scene->written_len; i++)
		tell(s, "%c", scene->written[i]);
}

static inline void look_at_input(struct section *s, const struct door *door,
				 struct scene *scene)
{
	int n = -1;

	(void)scene;
	ioctl(door->input, FIONREAD, &n);
	tell(s, "%d bytes\n", n);
}

static inline void tell_file_of_scene(struct section *s, const char *dir,
				      const char *name)
{
	struct stat st;

	(void)dir;
	if (!lstat(name, &st))
		tell(s, "%s mode %o size %lld links %u owner %u\n", name,
		     st.st_mode, (long long)st.st_size,
		     (unsigned int)st.st_nlink, st.st_uid);
}

static inline void look_at_files(struct section *s, const struct door *door,
				 struct scene *scene)
{
	(void)door;
	tell_dir(s, scene->path, tell_file_of_scene);
}

static inline void look_at_victim(struct section *s, const struct door *door,
				  struct scene *scene)
{
	struct door victim = { .pid = scene->victim };
	char path[64];
	uint32_t word = 0;

	(void)door;
	/* Between its start and its sleep it is neither. */
	while (door_state(&victim) == 'R')
		nap_us(100);
	door_read(&victim, (unsigned long)&scene_word, &word, sizeof(word));
	tell(s, "state %c word %x\n", door_state(&victim), word);
	snprintf(path, sizeof(path), "/proc/%d/limits", scene->victim);
	tell_file(s, path, NULL);
}

static inline void look_at_host(struct section *s, const struct door *door,
				struct scene *scene)
{
	struct utsname name;

	(void)door;
	(void)scene;
	uname(&name);
	tell(s, "%s\n", name.nodename);
	tell_file(s, "/proc/self/mountinfo", NULL);
}

static inline unsigned int count_words(const char *path)
{
	FILE *file = fopen(path, "re");
	unsigned int n = 0;
	char word[32];

	while (file && fscanf(file, "%31s", word) == 1)
		n++;
	if (file)
		fclose(file);
	return n;
}

static inline void tell_thread(struct section *s, const char *dir,
			       const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s/children", dir, name);
	tell(s, "thread with %u children\n", count_words(path));
}

/* What it left behind when it ended is the caller's, as is the victim. */
static inline void look_at_family(struct section *s, const struct door *door,
				  struct scene *scene)
{
	char path[64];

	(void)scene;
	snprintf(path, sizeof(path), "/proc/self/task/%ld/children",
		 syscall(SYS_gettid));
	tell(s, "%u orphans\n", count_words(path) - !door->ended);
	if (door->ended)
		return;
	snprintf(path, sizeof(path), "/proc/%d/task", door->pid);
	tell_dir(s, path, tell_thread);
}

static inline void look_at_status(struct section *s, const struct door *door,
				  struct scene *scene)
{
	static const char *const volatiles[] = {
		"State:", "SigQ:", "Threads:", "Vm", "Rss", "HugetlbPages:",
		"voluntary_", "nonvoluntary_", NULL,
	};
	char path[64];

	(void)scene;
	snprintf(path, sizeof(path), "/proc/%d/status", door->pid);
	tell_file(s, path, volatiles);
}

static inline void tell_fd(struct section *s, const char *dir,
			   const char *name)
{
	static const char *const volatiles[] = { "tid:", NULL };
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	tell_link(s, path);
	snprintf(path, sizeof(path), "%sinfo/%s", dir, name);
	tell_file(s, path, volatiles);
}

static inline void look_at_fds(struct section *s, const struct door *door,
			       struct scene *scene)
{
	char path[64];

	(void)scene;
	snprintf(path, sizeof(path), "/proc/%d/fd", door->pid);
	tell_dir(s, path, tell_fd);
}

static inline void look_at_limits(struct section *s, const struct door *door,
				  struct scene *scene)
{
	char path[64];

	(void)scene;
	snprintf(path, sizeof(path), "/proc/%d/limits", door->pid);
	tell_file(s, path, NULL);
}

static inline void look_at_maps(struct section *s, const struct door *door,
				struct scene *scene)
{
	char path[64];

	(void)scene;
	snprintf(path, sizeof(path), "/proc/%d/maps", door->pid);
	tell_file(s, path, NULL);
}

static inline void look_at_place(struct section *s, const struct door *door,
				 struct scene *scene)
{
	static const char *const links[] = {
		"cwd", "root", "exe", "ns/uts", "ns/mnt", "ns/user", "ns/net",
		"ns/pid_for_children",
	};
	char path[64];
	size_t i;

	(void)scene;
	for (i = 0; i < sizeof(links) / sizeof(*links); i++) {
		snprintf(path, sizeof(path), "/proc/%d/%s", door->pid,
			 links[i]);
		tell_link(s, path);
	}
}

/* Fields of /proc/PID/stat, counted as proc(5) does. */
static inline void tell_stat(struct section *s, const char *text)
{
	static const int fields[] = { 5, 6, 18, 19, 40, 41 };
	const char *at = strrchr(text, ')');
	unsigned int field = 2, i = 0;

	for (; at && i < sizeof(fields) / sizeof(*fields); field++) {
		if ((int)field == fields[i]) {
			tell(s, "field %u: %ld\n", field, strtol(at, NULL, 10));
			i++;
		}
		at = strchr(at, ' ');
		at += !!at;
	}
}

static inline void look_at_sched(struct section *s, const struct door *door,
				 struct scene *scene)
{
	char path[64], text[1024];
	struct section stat = { text, 0 };

	(void)scene;
	snprintf(path, sizeof(path), "/proc/%d/stat", door->pid);
	tell_file(&stat, path, NULL);
	tell_stat(s, text);
	snprintf(path, sizeof(path), "/proc/%d/personality", door->pid);
	tell_file(s, path, NULL);
	snprintf(path, sizeof(path), "/proc/%d/timers", door->pid);
	tell_file(s, path, NULL);
}

static inline void look_at_space(struct section *s, const struct door *door,
				 struct scene *scene)
{
	static unsigned char space[DOOR_SPACE_SIZE];
	uint32_t hash = 0;
	size_t i;

	(void)scene;
	if (!door_read(door, DOOR_SPACE, space, sizeof(space))) {
		tell(s, "cannot be read\n");
		return;
	}
	for (i = 0; i < sizeof(space); i++)
		hash = hash * 31 + space[i];
	tell(s, "%08x\n", hash);
}

/**
 * world_look() - take a snapshot
 * @world: filled in
 * @door: the program
 * @scene: where it is
 */
static inline void world_look(struct world *world, const struct door *door,
			      struct scene *scene)
{
	static void (*const look[])(struct section *, const struct door *,
				    struct scene *) = {
#define X(NAME, name) look_at_##name,
		WORLD_SECTIONS(X)
#undef X
	};
	unsigned int i;

	world->known = WORLD_LASTING;
	if (!door->ended)
		world->known = ~0u;
	for (i = 0; i < WORLD_COUNT; i++) {
		struct section section = { world->text[i], 0 };

		section.text[0] = 0;
		if (world->known & 1u << i)
			look[i](&section, door, scene);
	}
}

/**
 * world_changes() - compare two snapshots
 * @before: the first
 * @after: the second
 *
 * Return: the sections that both have and that differ, as a mask.
 */
static inline unsigned int world_changes(const struct world *before,
					 const struct world *after)
{
	unsigned int i, changes = 0;

	for (i = 0; i < WORLD_COUNT; i++) {
		if (before->known & after->known & 1u << i &&
		    strcmp(before->text[i], after->text[i]))
			changes |= 1u << i;
	}
	/* Its own threads and children are gone with it; orphans are not. */
	if (before->known != after->known) {
		changes &= ~WORLD_BIT(FAMILY);
		if (atoi(before->text[WORLD_FAMILY]) !=
		    atoi(after->text[WORLD_FAMILY]))
			changes |= WORLD_BIT(FAMILY);
	}
	return changes;
}

/* The start of what is different in a section, for people to read. */
static inline const char *world_difference(const struct world *before,
					   const struct world *after,
					   unsigned int section)
{
	static char line[160];
	const char *a = before->text[section], *b = after->text[section];
	size_t i, start = 0;

	for (i = 0; a[i] && a[i] == b[i]; i++) {
		if (a[i] == '\n')
			start = i + 1;
	}
	snprintf(line, sizeof(line), "'%.*s' became '%.*s'",
		 (int)strcspn(a + start, "\n"), a + start,
		 (int)strcspn(b + start, "\n"), b + start);
	return line;
}

#endif /* _SELFTESTS_WORLD_H */
