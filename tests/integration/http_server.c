/*
 * A server of lists that behaves as the path says; one process a connection.
 *
 *   http_server ADDRESS PORT FOLDER
 *
 *   /plain/FILE      the file, with ETag and Last-Modified; 304 where it is asked for
 *   /gzip/FILE       the same, said to be packed by gzip
 *   /html/FILE       the same, with status 200 and the type of a page
 *   /status/N        that status, with a body
 *   /cut/FILE        half of it, then the end of the connection
 *   /chunk-cut/FILE  the same in chunks
 *   /drip/FILE       an octet a second
 *   /silent/FILE     nothing
 *   /to/PATH         a redirect to /PATH; /loop to itself; /away a redirect to
 * file:///etc/passwd
 *
 * Prints a line a request: "GET PATH STATUS". Stands alone: includes nothing of the
 * project.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

struct request {
	int fd;
	char path[1024];
	char etag[128], since[128]; /* conditions */
};

static const char *folder;

static void put(int fd, const char *bytes, size_t len)
{
	for (size_t at = 0; at < len;) {
		ssize_t n = send(fd, bytes + at, len - at, MSG_NOSIGNAL);

		if (n <= 0)
			exit(0);
		at += (size_t)n;
	}
}

static void head(const struct request *r, int status, const char *more, long length)
{
	char text[2048];
	int n = snprintf(text, sizeof(text),
			 "HTTP/1.1 %d Test\r\n%sConnection: close\r\n", status, more);

	if (length >= 0)
		n += snprintf(text + n, sizeof(text) - (size_t)n,
			      "Content-Length: %ld\r\n", length);
	n += snprintf(text + n, sizeof(text) - (size_t)n, "\r\n");
	printf("GET %s %d\n", r->path, status);
	fflush(stdout);
	put(r->fd, text, (size_t)n);
}

static char *read_body(const char *name, size_t *len, char *etag, size_t size)
{
	char path[2048], *body;
	struct stat st;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "re");
	if (!f || fstat(fileno(f), &st))
		return NULL;
	body = malloc((size_t)st.st_size + 1);
	*len = body ? fread(body, 1, (size_t)st.st_size, f) : 0;
	snprintf(etag, size, "\"%lx-%lx\"", (long)st.st_ino, (long)st.st_size);
	fclose(f);
	return body;
}

static void serve_file(const struct request *r, const char *how, const char *name)
{
	char etag[64], more[512];
	size_t len;
	char *body = read_body(name, &len, etag, sizeof(etag));

	if (!body) {
		head(r, 404, "", 0);
		return;
	}
	snprintf(more, sizeof(more),
		 "ETag: %s\r\nLast-Modified: Mon, 02 Nov 2026 08:00:00 GMT\r\n%s%s", etag,
		 !strcmp(how, "gzip") ? "Content-Encoding: gzip\r\n" : "",
		 !strcmp(how, "html") ? "Content-Type: text/html\r\n" : "");
	if (!strcmp(r->etag, etag)) {
		head(r, 304, more, -1);
		return;
	}
	if (!strcmp(how, "chunk-cut")) {
		head(r, 200, "Transfer-Encoding: chunked\r\n", -1);
		dprintf(r->fd, "%zx\r\n", len);
		put(r->fd, body, len / 2);
		return;
	}
	head(r, 200, more, (long)len);
	if (!strcmp(how, "silent"))
		sleep(120);
	else if (!strcmp(how, "drip"))
		for (size_t i = 0; i < len && i < 120; i++, sleep(1))
			put(r->fd, body + i, 1);
	else
		put(r->fd, body, !strcmp(how, "cut") ? len / 2 : len);
}

static void answer(const struct request *r)
{
	char how[64] = "", rest[1024] = "", more[1200];

	sscanf(r->path, "/%63[^/]/%1023s", how, rest);
	if (!strcmp(how, "loop"))
		head(r, 302, "Location: /loop\r\n", 0);
	else if (!strcmp(how, "away"))
		head(r, 302, "Location: file:///etc/passwd\r\n", 0);
	else if (!strcmp(how, "status")) {
		head(r, atoi(rest), "", 12);
		put(r->fd, "ads.example\n", 12);
	} else if (!strcmp(how, "at")) {
		snprintf(more, sizeof(more), "Location: http://%s\r\n", rest);
		head(r, 302, more, 0);
	} else if (!strcmp(how, "to")) {
		snprintf(more, sizeof(more), "Location: /%s\r\n", rest);
		head(r, 302, more, 0);
	} else
		serve_file(r, how, rest);
}

static void take_field(const char *text, const char *name, char *to, size_t size)
{
	const char *at = strcasestr(text, name);

	if (at)
		snprintf(to, size, "%.*s", (int)strcspn(at + strlen(name), "\r\n"),
			 at + strlen(name));
}

static void serve(int fd)
{
	struct request r = {.fd = fd};
	char text[8192] = "";
	size_t len = 0;

	while (!strstr(text, "\r\n\r\n") && len < sizeof(text) - 1) {
		ssize_t n = recv(fd, text + len, sizeof(text) - 1 - len, 0);

		if (n <= 0)
			return;
		len += (size_t)n;
		text[len] = '\0';
	}
	if (sscanf(text, "GET %1023s", r.path) != 1)
		return;
	take_field(text, "\r\nIf-None-Match: ", r.etag, sizeof(r.etag));
	take_field(text, "\r\nIf-Modified-Since: ", r.since, sizeof(r.since));
	answer(&r);
	shutdown(fd, SHUT_WR);
	while (recv(fd, text, sizeof(text), 0) > 0)
		;
}

int main(int argc, char **argv)
{
	struct sockaddr_in at = {.sin_family = AF_INET};
	int one = 1, fd = socket(AF_INET, SOCK_STREAM, 0);

	if (argc != 4 || inet_pton(AF_INET, argv[1], &at.sin_addr) != 1) {
		fprintf(stderr, "usage: http_server ADDRESS PORT FOLDER\n");
		return 2;
	}
	at.sin_port = htons((uint16_t)atoi(argv[2]));
	folder = argv[3];
	signal(SIGCHLD, SIG_IGN);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) || listen(fd, 64)) {
		perror(argv[1]);
		return 1;
	}
	for (;;) {
		int client = accept(fd, NULL, NULL);

		if (client >= 0 && fork() == 0) {
			close(fd);
			serve(client);
			_exit(0);
		}
		close(client);
	}
}
