/* caller SOCKET ACCOUNT: the least that any client can do, for comparison with pizauth-show. It asks for an access
 * token and prints it, and checks nothing that it does not have to. */
#include <err.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static const char before[] = "\"access_token\":\"";

int main(int argc, char **argv)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    char frame[8192] = { 0 };
    if (argc != 3 || strlen(argv[1]) >= sizeof address.sun_path)
        errx(64, "usage: caller SOCKET ACCOUNT");
    strcpy(address.sun_path, argv[1]);
    int length = snprintf(frame + 6, 1024, "{\"show\":{\"account\":\"%s\"}}", argv[2]);
    frame[2] = (char)((length + 2) >> 8);
    frame[3] = (char)(length + 2);
    frame[4] = frame[5] = 1;

    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0 || write(fd, frame, length + 6) < 0)
        err(2, "%s", argv[1]);
    ssize_t got = read(fd, frame, sizeof frame - 1);
    if (got <= 6)
        errx(2, "no answer");
    frame[got] = 0;
    char *token = strstr(frame + 6, before);
    if (token == NULL)
        errx(1, "no access token: %s", frame + 6);
    token += strlen(before);
    char *end = strchr(token, '"');
    if (end == NULL)
        errx(1, "half an answer");
    *end++ = '\n';
    return write(1, token, end - token) == end - token ? 0 : 1;
}
