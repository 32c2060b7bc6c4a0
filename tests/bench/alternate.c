/* alternate ROUNDS COMMAND… -- COMMAND… -- …
 *
 * Runs the commands in turn, ROUNDS times, and prints for each the median and the shortest time of a whole process in
 * microseconds: from before it is started until it has been waited for. Leading words with a '=' go into the
 * environment. In turn, so that whatever else the machine does disturbs all of them alike. */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#define MAX_COMMANDS 16

extern char **environ;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

static double run(char **command, posix_spawn_file_actions_t *quiet)
{
    for (; *command && strchr(*command, '='); command++)
        putenv(*command);
    double begun = now();
    pid_t pid;
    int status;
    if (posix_spawnp(&pid, *command, quiet, NULL, command, environ) != 0)
        errx(1, "cannot start %s", *command);
    if (waitpid(pid, &status, 0) != pid || status != 0)
        errx(1, "%s failed", *command);
    return now() - begun;
}

static int compare(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

int main(int argc, char **argv)
{
    if (argc < 3)
        errx(64, "usage: alternate ROUNDS COMMAND... [-- COMMAND...]...");
    int rounds = atoi(argv[1]), count = 1;
    char **commands[MAX_COMMANDS] = { argv + 2 };
    for (int i = 2; i < argc; i++) {
        if (strcmp(argv[i], "--") != 0)
            continue;
        if (count == MAX_COMMANDS)
            errx(64, "too many commands");
        argv[i] = NULL;
        commands[count++] = argv + i + 1;
    }
    posix_spawn_file_actions_t quiet;
    posix_spawn_file_actions_init(&quiet);
    for (int fd = 0; fd < 2; fd++)
        posix_spawn_file_actions_addopen(&quiet, fd, "/dev/null", O_RDWR, 0);
    double *times = calloc((size_t)rounds * count, sizeof *times);
    if (rounds < 1 || times == NULL)
        errx(1, "no rounds, or no memory for them");
    for (int round = 0; round < rounds; round++)
        for (int i = 0; i < count; i++)
            times[i * rounds + round] = run(commands[i], &quiet);
    for (int i = 0; i < count; i++) {
        qsort(times + i * rounds, rounds, sizeof *times, compare);
        printf("%.1f %.1f\n", times[i * rounds + rounds / 2], times[i * rounds]);
    }
    return 0;
}
