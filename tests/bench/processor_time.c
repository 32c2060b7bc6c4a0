/* processor_time PID: how long a process has had a processor so far, its threads that have ended included and its
 * children not, in microseconds. */
#define _GNU_SOURCE
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

int main(int argc, char **argv)
{
    clockid_t clock;
    struct timespec t;
    if (argc != 2)
        errx(64, "usage: processor_time PID");
    if (clock_getcpuclockid(atoi(argv[1]), &clock) != 0 || clock_gettime(clock, &t) != 0)
        errx(1, "cannot read the clock of process %s", argv[1]);
    printf("%.1f\n", t.tv_sec * 1e6 + t.tv_nsec / 1e3);
    return 0;
}
