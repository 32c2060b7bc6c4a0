/* server SOCKET: the least that a daemon can do whom no caller may hold up, for comparison with pizauthd. It waits for
 * who has not asked yet as for who connects, reads what arrives first, answers with always the same token, closes, and
 * checks nothing. */
#define _GNU_SOURCE
#include <err.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static const char answer[] = "\0\0\0\71\1\3{\"access_token\":{\"access_token\":\"0123456789012345678\"}}";
static int queue;

static int watch(int descriptor)
{
    struct epoll_event event = { .events = EPOLLIN | EPOLLET, .data.fd = descriptor };
    return epoll_ctl(queue, EPOLL_CTL_ADD, descriptor, &event);
}

static void serve(int caller, int watched)
{
    char request[4096];
    ssize_t length = read(caller, request, sizeof request);
    if (length < 0 && !watched && watch(caller) == 0)
        return;
    if (length > 0)
        (void)!write(caller, answer, sizeof answer - 1);
    close(caller);
}

static void admit(int listener)
{
    int caller;
    while ((caller = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0)
        serve(caller, 0);
}

int main(int argc, char **argv)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    struct epoll_event events[1024];
    int ready;
    if (argc != 2 || strlen(argv[1]) >= sizeof address.sun_path)
        errx(64, "usage: server SOCKET");
    strcpy(address.sun_path, argv[1]);
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 4096) != 0)
        err(1, "%s", argv[1]);
    queue = epoll_create1(EPOLL_CLOEXEC);
    if (queue < 0 || watch(listener) != 0)
        err(1, "epoll");
    while ((ready = epoll_wait(queue, events, 1024, -1)) >= 0)
        for (int at = 0; at < ready; at++)
            if (events[at].data.fd == listener)
                admit(listener);
            else
                serve(events[at].data.fd, 1);
    err(1, "epoll");
}
