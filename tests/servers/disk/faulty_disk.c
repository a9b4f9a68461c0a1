/* A disk with faults, put between a program and its files with LD_PRELOAD.
 *
 * Files below the folder FAULTY_DISK (absolute, without links) can have a slow flush, a flush that fails, or no room,
 * and everything that changes them can be logged, so that a test can say what a power cut would have left of them.
 * Options, all from the environment; a count starts with the first call below the folder:
 *
 *   FAULTY_DISK_DELAY_MS   every fsync and fdatasync takes so much longer
 *   FAULTY_DISK_FAIL_SYNC  the fsync or fdatasync with this number fails with EIO, once, as Linux tells of it once
 *   FAULTY_DISK_KILL_SYNC  the program is killed when it is about to call that with this number
 *   FAULTY_DISK_FULL       writes fail with ENOSPC once so many bytes were written
 *   FAULTY_DISK_WHILE      the last three happen, and are counted, only while this file exists
 *   FAULTY_DISK_LOG        append to this file every change: see struct entry
 *
 * Written through memory maps is only SQLite's -shm file, which holds nothing that must outlive a crash.
 * For 64-bit Linux, where off_t and off64_t are the same.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

/* What stands before the path and the data of each entry of the log; little-endian, without gaps. */
struct entry {
    uint8_t kind; /* W write, T truncate, S flushed, E flush failed, C created, R renamed, U removed, D folder made */
    uint8_t reserved;
    uint16_t path;  /* bytes of the path that follows */
    uint32_t data;  /* bytes that follow it: what was written, or the new path */
    uint64_t offset; /* where it was written, or the new length */
} __attribute__((packed));

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* the log has the order of the effects */
static char folder[4096], while_file[4096];
static size_t folder_length;
static long delay_ms, fail_sync, kill_sync, full_after;
static long synced, written;
static int log_fd = -1;

/* Reads the options; called again by a program that has changed its environment (a forked one, for a log of its own). */
__attribute__((constructor)) void faulty_disk_configure(void) {
    const char *text = getenv("FAULTY_DISK"), *file = getenv("FAULTY_DISK_WHILE"), *to = getenv("FAULTY_DISK_LOG");
    snprintf(folder, sizeof folder, "%s", text ? text : "");
    folder_length = strlen(folder);
    snprintf(while_file, sizeof while_file, "%s", file ? file : "");
    delay_ms = (text = getenv("FAULTY_DISK_DELAY_MS")) ? atol(text) : 0;
    fail_sync = (text = getenv("FAULTY_DISK_FAIL_SYNC")) ? atol(text) : 0;
    kill_sync = (text = getenv("FAULTY_DISK_KILL_SYNC")) ? atol(text) : 0;
    full_after = (text = getenv("FAULTY_DISK_FULL")) ? atol(text) : -1;
    synced = written = 0;
    if (log_fd >= 0)
        NEXT(close)(log_fd);
    log_fd = to ? NEXT(open)(to, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
    if (to && log_fd < 0) {
        perror("FAULTY_DISK_LOG");
        abort();
    }
}

static int below(const char *path) {
    return folder_length && !strncmp(path, folder, folder_length) &&
           (path[folder_length] == '/' || !path[folder_length]);
}

/* The path of an open file, as the kernel knows it; 0 if it is none of ours. */
static int ours(int fd, char path[4096]) {
    char link[64];
    ssize_t length;
    int before = errno;
    if (!folder_length || fd == log_fd)
        return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    length = readlink(link, path, 4095);
    errno = before;
    path[length < 0 ? 0 : length] = 0;
    return below(path);
}

static int armed(void) { return !*while_file || !access(while_file, F_OK); }

static void note(char kind, const char *path, uint64_t offset, const void *data, size_t length) {
    struct entry head = {(uint8_t)kind, 0, (uint16_t)strlen(path), (uint32_t)length, offset};
    struct iovec parts[] = {{&head, sizeof head}, {(void *)path, head.path}, {(void *)data, length}};
    if (log_fd >= 0 && writev(log_fd, parts, 3) != (ssize_t)(sizeof head + head.path + length)) {
        perror("FAULTY_DISK_LOG");
        abort(); /* a log with a hole proves nothing */
    }
}

static int sync_with(int (*next)(int), int fd) {
    char path[4096];
    int result;
    if (!ours(fd, path))
        return next(fd);
    if (delay_ms) {
        struct timespec wait = {delay_ms / 1000, delay_ms % 1000 * 1000000};
        nanosleep(&wait, NULL);
    }
    pthread_mutex_lock(&lock);
    if ((fail_sync || kill_sync) && armed())
        synced++;
    if (kill_sync && synced == kill_sync)
        kill(getpid(), SIGKILL);
    if (fail_sync && synced == fail_sync) {
        synced++; /* once */
        note('E', path, 0, NULL, 0);
        errno = EIO;
        result = -1;
    } else if (!(result = next(fd))) {
        note('S', path, 0, NULL, 0);
    }
    pthread_mutex_unlock(&lock);
    return result;
}

int fsync(int fd) { return sync_with(NEXT(fsync), fd); }
int fdatasync(int fd) { return sync_with(NEXT(fdatasync), fd); }

static ssize_t write_at(int fd, const void *data, size_t length, off_t offset) {
    char path[4096];
    ssize_t result;
    if (!ours(fd, path))
        return offset < 0 ? NEXT(write)(fd, data, length) : NEXT(pwrite)(fd, data, length, offset);
    pthread_mutex_lock(&lock);
    if (full_after >= 0 && armed() && (written += (long)length) > full_after) {
        errno = ENOSPC;
        result = -1;
    } else {
        off_t start = offset < 0 ? lseek(fd, 0, SEEK_CUR) : offset;
        result = offset < 0 ? NEXT(write)(fd, data, length) : NEXT(pwrite)(fd, data, length, offset);
        if (result > 0)
            note('W', path, (uint64_t)start, data, (size_t)result);
    }
    pthread_mutex_unlock(&lock);
    return result;
}

ssize_t write(int fd, const void *data, size_t length) { return write_at(fd, data, length, -1); }
ssize_t pwrite(int fd, const void *data, size_t length, off_t offset) { return write_at(fd, data, length, offset); }
ssize_t pwrite64(int fd, const void *data, size_t length, off_t offset) { return write_at(fd, data, length, offset); }

int ftruncate(int fd, off_t length) {
    char path[4096];
    int result;
    if (!ours(fd, path))
        return NEXT(ftruncate)(fd, length);
    pthread_mutex_lock(&lock);
    if (!(result = NEXT(ftruncate)(fd, length)))
        note('T', path, (uint64_t)length, NULL, 0);
    pthread_mutex_unlock(&lock);
    return result;
}

int ftruncate64(int fd, off_t length) { return ftruncate(fd, length); }

static int open_at(const char *path, int flags, mode_t mode) {
    int creates = flags & O_CREAT && below(path), was_there, fd;
    if (!creates)
        return NEXT(open)(path, flags, mode);
    pthread_mutex_lock(&lock);
    was_there = !access(path, F_OK);
    fd = NEXT(open)(path, flags, mode);
    if (fd >= 0 && (!was_there || flags & O_TRUNC))
        note(was_there ? 'T' : 'C', path, 0, NULL, 0);
    pthread_mutex_unlock(&lock);
    return fd;
}

#define MODE(flags, mode) va_list list; va_start(list, flags); mode = flags & O_CREAT ? va_arg(list, int) : 0; va_end(list)

int open(const char *path, int flags, ...) { mode_t mode; MODE(flags, mode); return open_at(path, flags, mode); }
int open64(const char *path, int flags, ...) { mode_t mode; MODE(flags, mode); return open_at(path, flags, mode); }

static int change(int result, char kind, const char *path, const char *to) {
    if (!result && below(path))
        note(kind, path, 0, to, strlen(to));
    pthread_mutex_unlock(&lock);
    return result;
}

int rename(const char *from, const char *to) {
    pthread_mutex_lock(&lock);
    return change(NEXT(rename)(from, to), 'R', from, to);
}

int unlink(const char *path) {
    pthread_mutex_lock(&lock);
    return change(NEXT(unlink)(path), 'U', path, "");
}

int mkdir(const char *path, mode_t mode) {
    pthread_mutex_lock(&lock);
    return change(NEXT(mkdir)(path, mode), 'D', path, "");
}
