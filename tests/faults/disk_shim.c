/* Stands between a program and its disk (LD_PRELOAD), for the files below one folder.

   FAULTS_DIR      the folder
   FAULTS_LOG      where each operation is noted, so that disks.py can tell what a machine that loses
                   its power at any moment may have kept of them
   FAULTS_CONTROL  two integers, read at each operation: of a thousand syncs, and of a thousand
                   writes, so many fail

   A record is made before a write or a sync, and after names have changed. It is one write() to a
   file opened with O_APPEND, so that threads and processes need no lock. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define REAL(name) \
    static __typeof__(&name) real; \
    if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

typedef struct {
    char kind; /* Write, Sync, Failed sync, Truncate, Create, Link, Rename, Unlink, Mkdir */
    char pad[7];
    uint64_t inode;
    int64_t offset;
    uint32_t first, second; /* lengths of what follows: two paths, or a path's absence and data */
} Record;

static const char *folder(void) { return getenv("FAULTS_DIR"); }

static ssize_t write_fully(int fd, const void *data, size_t size) {
    REAL(write);
    return real(fd, data, size);
}

static void note(char kind, uint64_t inode, int64_t offset, const void *first, size_t first_size,
                 const void *second, size_t second_size) {
    static int log = -1;
    int kept = errno;
    if (log < 0) {
        int (*real_open)(const char *, int, ...) = dlsym(RTLD_NEXT, "open");
        log = real_open(getenv("FAULTS_LOG"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    }
    Record record = {.kind = kind, .inode = inode, .offset = offset,
                     .first = (uint32_t)first_size, .second = (uint32_t)second_size};
    size_t size = sizeof record + first_size + second_size;
    char *all = malloc(size);
    memcpy(all, &record, sizeof record);
    if (first_size) memcpy(all + sizeof record, first, first_size);
    if (second_size) memcpy(all + sizeof record + first_size, second, second_size);
    write_fully(log, all, size);
    free(all);
    errno = kept;
}

/* Whether this operation is to fail: `which` is 0 for syncs, 1 for writes. */
static int fails(int which) {
    static volatile int32_t *control;
    static __thread unsigned int seed;
    if (!control) {
        const char *path = getenv("FAULTS_CONTROL");
        if (!path) return 0;
        int (*real_open)(const char *, int, ...) = dlsym(RTLD_NEXT, "open");
        int fd = real_open(path, O_RDONLY | O_CLOEXEC);
        void *found = mmap(NULL, 8, PROT_READ, MAP_SHARED, fd, 0);
        close(fd);
        if (found == MAP_FAILED) return 0;
        control = found;
    }
    if (!control[which]) return 0;
    if (!seed) seed = (unsigned int)(getpid() ^ (uintptr_t)&seed);
    return (int)(rand_r(&seed) % 1000) < control[which];
}

/* A path below the folder in full; NULL for any other. */
static const char *below(int at, const char *path, char *buffer) {
    const char *root = folder();
    if (!root || !path) return NULL;
    if (path[0] != '/') {
        if (at != AT_FDCWD) return NULL;
        if (!getcwd(buffer, PATH_MAX)) return NULL;
        strncat(buffer, "/", PATH_MAX - strlen(buffer) - 1);
        strncat(buffer, path, PATH_MAX - strlen(buffer) - 1);
    } else {
        strncpy(buffer, path, PATH_MAX - 1);
        buffer[PATH_MAX - 1] = 0;
    }
    return strncmp(buffer, root, strlen(root)) ? NULL : buffer;
}

/* Whether an open file is one that is watched; the index of SQLite's log is not meant to last. */
static int watched(int fd, struct stat *status) {
    const char *root = folder();
    char link[64], path[PATH_MAX];
    if (!root) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t size = readlink(link, path, sizeof path - 1);
    if (size <= 0) return 0;
    path[size] = 0;
    if (strncmp(path, root, strlen(root)) || strstr(path, "-shm")) return 0;
    return !fstat(fd, status) && (S_ISREG(status->st_mode) || S_ISDIR(status->st_mode));
}

/* ---- content */

#define POSITIONED(name, type) \
    ssize_t name(int fd, const void *data, size_t size, type offset) { \
        REAL(name); \
        struct stat status; \
        if (watched(fd, &status)) { \
            if (fails(1)) { errno = EIO; return -1; } \
            note('W', status.st_ino, offset, NULL, 0, data, size); \
        } \
        return real(fd, data, size, offset); \
    }
POSITIONED(pwrite, off_t)
POSITIONED(pwrite64, off64_t)

ssize_t write(int fd, const void *data, size_t size) {
    REAL(write);
    struct stat status;
    if (watched(fd, &status)) {
        if (fails(1)) { errno = EIO; return -1; }
        int append = fcntl(fd, F_GETFL) & O_APPEND;
        note('W', status.st_ino, append ? status.st_size : lseek(fd, 0, SEEK_CUR), NULL, 0, data, size);
    }
    return real(fd, data, size);
}

#define SYNCS(name) \
    int name(int fd) { \
        REAL(name); \
        struct stat status; \
        if (watched(fd, &status)) { \
            int bad = !S_ISDIR(status.st_mode) && fails(0); \
            note(bad ? 'F' : 'S', status.st_ino, 0, NULL, 0, NULL, 0); \
            if (bad) { errno = EIO; return -1; } \
            return 0; /* no power is lost in truth: nothing needs to wait for the disk */ \
        } \
        return real(fd); \
    }
SYNCS(fsync)
SYNCS(fdatasync)

#define TRUNCATES(name, type) \
    int name(int fd, type size) { \
        REAL(name); \
        struct stat status; \
        if (watched(fd, &status)) note('T', status.st_ino, size, NULL, 0, NULL, 0); \
        return real(fd, size); \
    }
TRUNCATES(ftruncate, off_t)
TRUNCATES(ftruncate64, off64_t)

/* ---- names */

static int opened(int fd, const char *path, int existed, int flags) {
    struct stat status;
    if (fd >= 0 && path && !strstr(path, "-shm") && !fstat(fd, &status) && S_ISREG(status.st_mode)) {
        if (!existed) note('C', status.st_ino, 0, path, strlen(path), NULL, 0);
        else if (flags & O_TRUNC) note('T', status.st_ino, 0, NULL, 0, NULL, 0);
    }
    return fd;
}

#define OPENS(name) \
    int name(const char *path, int flags, ...) { \
        REAL(name); \
        char buffer[PATH_MAX]; \
        va_list rest; \
        va_start(rest, flags); \
        mode_t mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(rest, mode_t) : 0; \
        va_end(rest); \
        const char *full = flags & (O_CREAT | O_TRUNC) ? below(AT_FDCWD, path, buffer) : NULL; \
        int existed = full && !access(full, F_OK); \
        return opened(real(path, flags, mode), full, existed, flags); \
    }
OPENS(open)
OPENS(open64)

#define OPENS_AT(name) \
    int name(int at, const char *path, int flags, ...) { \
        REAL(name); \
        char buffer[PATH_MAX]; \
        va_list rest; \
        va_start(rest, flags); \
        mode_t mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(rest, mode_t) : 0; \
        va_end(rest); \
        const char *full = flags & (O_CREAT | O_TRUNC) ? below(at, path, buffer) : NULL; \
        int existed = full && !access(full, F_OK); \
        return opened(real(at, path, flags, mode), full, existed, flags); \
    }
OPENS_AT(openat)
OPENS_AT(openat64)

static int moved(char kind, int result, const char *from, const char *to) {
    char old[PATH_MAX], new[PATH_MAX];
    const char *source = below(AT_FDCWD, from, old), *target = below(AT_FDCWD, to, new);
    struct stat status;
    if (!result && source && target && !stat(target, &status))
        note(kind, status.st_ino, 0, source, strlen(source), target, strlen(target));
    return result;
}

int link(const char *from, const char *to) {
    REAL(link);
    return moved('L', real(from, to), from, to);
}

int linkat(int from_at, const char *from, int to_at, const char *to, int flags) {
    REAL(linkat);
    return moved('L', real(from_at, from, to_at, to, flags), from, to);
}

int rename(const char *from, const char *to) {
    REAL(rename);
    return moved('R', real(from, to), from, to);
}

static int removed(int result, const char *path) {
    char buffer[PATH_MAX];
    const char *full = below(AT_FDCWD, path, buffer);
    if (!result && full) note('U', 0, 0, full, strlen(full), NULL, 0);
    return result;
}

int unlink(const char *path) {
    REAL(unlink);
    return removed(real(path), path);
}

int mkdir(const char *path, mode_t mode) {
    REAL(mkdir);
    char buffer[PATH_MAX];
    int result = real(path, mode);
    const char *full = below(AT_FDCWD, path, buffer);
    struct stat status;
    if (!result && full && !stat(full, &status))
        note('M', status.st_ino, 0, full, strlen(full), NULL, 0);
    return result;
}
