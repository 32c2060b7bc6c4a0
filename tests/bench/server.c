/* server SOCKET: the least that a daemon with more than one thing to wait for can do, for comparison with pizauthd. It
 * reads what arrives first, answers with always the same token, closes, and checks nothing. */
#define _GNU_SOURCE
#include <err.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static const char answer[] = "\0\0\0\71\1\3{\"access_token\":{\"access_token\":\"0123456789012345678\"}}";

int main(int argc, char **argv)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    char request[4096];
    if (argc != 2 || strlen(argv[1]) >= sizeof address.sun_path)
        errx(64, "usage: server SOCKET");
    strcpy(address.sun_path, argv[1]);
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 4096) != 0)
        err(1, "%s", argv[1]);
    int queue = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = { .events = EPOLLIN | EPOLLET };
    if (queue < 0 || epoll_ctl(queue, EPOLL_CTL_ADD, listener, &event) != 0)
        err(1, "epoll");
    while (epoll_wait(queue, &event, 1, -1) >= 0) {
        int caller;
        while ((caller = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
            if (read(caller, request, sizeof request) > 0)
                (void)!write(caller, answer, sizeof answer - 1);
            close(caller);
        }
    }
    err(1, "epoll");
}
