/* A clock of the day that can be set, for the programs that this is preloaded into: `offset` nanoseconds from the
 * machine's, in a file that they all see. Waits until a moment of the day behave as Linux has them do when somebody
 * sets the clock: put forward, they end at once; put back, they last so much longer. The monotonic clock goes on. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define SECOND 1000000000LL
#define MILLISECOND 1000000LL

static const volatile int64_t nothing;
static const volatile int64_t *offset = &nothing;

static int64_t now(clockid_t clock)
{
    static int (*real)(clockid_t, struct timespec *);
    struct timespec moment;
    if (!real)
        real = dlsym(RTLD_NEXT, "clock_gettime");
    real(clock, &moment);
    return moment.tv_sec * SECOND + moment.tv_nsec;
}

static struct timespec moment_of(int64_t nanoseconds)
{
    return (struct timespec){nanoseconds / SECOND, nanoseconds % SECOND};
}

__attribute__((constructor)) static void see_file(void)
{
    int file = open(getenv("SET_CLOCK"), O_RDONLY | O_CLOEXEC);
    void *seen = file < 0 ? MAP_FAILED : mmap(NULL, sizeof *offset, PROT_READ, MAP_SHARED, file, 0);
    if (seen == MAP_FAILED)
        abort();
    close(file);
    offset = seen;
}

int clock_gettime(clockid_t clock, struct timespec *moment)
{
    static int (*real)(clockid_t, struct timespec *);
    if (!real)
        real = dlsym(RTLD_NEXT, "clock_gettime");
    if (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE)
        return real(clock, moment);
    *moment = moment_of(now(clock) + *offset);
    return 0;
}

int gettimeofday(struct timeval *restrict moment, void *restrict zone)
{
    int64_t nanoseconds = now(CLOCK_REALTIME) + *offset;
    (void)zone;
    *moment = (struct timeval){nanoseconds / SECOND, nanoseconds % SECOND / 1000};
    return 0;
}

time_t time(time_t *kept)
{
    time_t seconds = (now(CLOCK_REALTIME) + *offset) / SECOND;
    if (kept)
        *kept = seconds;
    return seconds;
}

/* Who waits is woken when the clock was set: POSIX lets a wait end for no reason, so everybody looks and waits anew. */
static struct waiter {
    pthread_cond_t *condition;
    struct waiter *next, **place;
} *waiters;
static pthread_mutex_t waiters_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t watching = PTHREAD_ONCE_INIT;

static void *watch(void *unused)
{
    int64_t seen = *offset;
    int rounds = 0; /* more than one: a thread may be just about to wait */
    for (;;) {
        usleep(500);
        if (*offset != seen)
            rounds = 10;
        seen = *offset;
        if (rounds-- > 0) {
            pthread_mutex_lock(&waiters_lock);
            for (struct waiter *waiter = waiters; waiter; waiter = waiter->next)
                pthread_cond_broadcast(waiter->condition);
            pthread_mutex_unlock(&waiters_lock);
        }
    }
    return unused;
}

static void begin_watching(void)
{
    pthread_t thread;
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    if (pthread_create(&thread, NULL, watch, NULL))
        abort();
    pthread_detach(thread);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

int pthread_cond_timedwait(pthread_cond_t *restrict condition, pthread_mutex_t *restrict mutex,
                           const struct timespec *restrict until)
{
    static int (*real)(pthread_cond_t *, pthread_mutex_t *, const struct timespec *);
    struct waiter self = {.condition = condition};
    struct timespec moment;
    int result;
    if (!real)
        real = dlsym(RTLD_NEXT, "pthread_cond_timedwait");
    if (condition->__data.__wrefs & 2) /* glibc's mark of one that goes by the monotonic clock */
        return real(condition, mutex, until);
    pthread_once(&watching, begin_watching);
    pthread_mutex_lock(&waiters_lock);
    self.next = waiters;
    self.place = &waiters;
    if (waiters)
        waiters->place = &self.next;
    waiters = &self;
    moment = moment_of(until->tv_sec * SECOND + until->tv_nsec - *offset);
    pthread_mutex_unlock(&waiters_lock);
    result = real(condition, mutex, &moment);
    pthread_mutex_lock(&waiters_lock);
    *self.place = self.next;
    if (self.next)
        self.next->place = self.place;
    pthread_mutex_unlock(&waiters_lock);
    return result;
}

int sem_timedwait(sem_t *restrict semaphore, const struct timespec *restrict until)
{
    static int (*real)(sem_t *, const struct timespec *);
    int64_t end = until->tv_sec * SECOND + until->tv_nsec;
    if (!real)
        real = dlsym(RTLD_NEXT, "sem_timedwait");
    for (;;) {
        int64_t left = end - *offset - now(CLOCK_REALTIME);
        struct timespec moment = moment_of(now(CLOCK_REALTIME) + (left < MILLISECOND ? left : MILLISECOND));
        int result = real(semaphore, &moment);
        if (result == 0 || errno != ETIMEDOUT || left <= MILLISECOND)
            return result;
    }
}
