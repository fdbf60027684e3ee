/* What the supervisor makes in the file system. Knows nothing of what is stored there. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <libgen.h>
#include <limits.h>
#include <pwd.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/folders.h"
#include "lib/util.h"

#define CONTROL_BACKLOG	   64
#define LOCK_TRIES	   5
#define HISTORY_FOLDER	   "/var/lib/nameward" /* ours by definition */
#define HISTORY_FOLDER_MODE 0751 /* others may pass through, to the lists */
#define HISTORY_SETGID	    02000 /* what is made in it is readable by the folder's group */

/** Folder part of path in buf of PATH_MAX bytes. */
static const char *folder_of(const char *path, char *buf)
{
	snprintf(buf, PATH_MAX, "%s", path);
	return dirname(buf);
}

/** mkdir -p. @retval 1 made, 0 was there, negative errno */
static int make_folder(const char *path, mode_t mode)
{
	char parent[PATH_MAX];
	int rc;

	if (mkdir(path, mode) == 0)
		return 1;
	if (errno == EEXIST)
		return 0;
	if (errno != ENOENT || !strcmp(path, "/") || !strcmp(path, "."))
		return -errno;
	rc = make_folder(folder_of(path, parent), 0755);
	if (rc < 0)
		return rc;
	return mkdir(path, mode) < 0 ? -errno : 1;
}

/* --- the lock ------------------------------------------------------------------------- */

static int lock_path(const char *control, char *buf)
{
	int n = snprintf(buf, PATH_MAX, "%s.lock", control);

	return n < PATH_MAX ? 0 : -ENAMETOOLONG;
}

/** Whether fd is still the file at path: its holder removes it before letting go. */
static bool is_at(int fd, const char *path)
{
	struct stat a, b;

	return fstat(fd, &a) == 0 && lstat(path, &b) == 0 && a.st_ino == b.st_ino &&
	       a.st_dev == b.st_dev;
}

static void explain_holder(int fd, const char *path, char *why)
{
	char pid[16] = "";
	ssize_t n = pread(fd, pid, sizeof(pid) - 1, 0);

	pid[MAX(n, 0)] = '\0';
	pid[strspn(pid, "0123456789")] = '\0';
	snprintf(why, FOLDERS_WHY_MAX, "namewardd is running already (pid %s holds %.300s)",
		 *pid ? pid : "?", path);
}

/** @retval fd; -EAGAIN: the file was removed meanwhile, try again; -EBUSY; negative errno */
static int try_lock(const char *path, char *why)
{
	int rc, fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);

	if (fd < 0) {
		rc = -errno;
		snprintf(why, FOLDERS_WHY_MAX, "%.300s: %s", path, strerror(errno));
		return rc;
	}
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		rc = errno == EWOULDBLOCK ? -EBUSY : -errno;
		explain_holder(fd, path, why);
		goto err;
	}
	rc = -EAGAIN;
	if (!is_at(fd, path))
		goto err;
	if (ftruncate(fd, 0) < 0 || dprintf(fd, "%d\n", (int)getpid()) < 0) {
		rc = -errno;
		snprintf(why, FOLDERS_WHY_MAX, "%.300s: %s", path, strerror(errno));
		goto err;
	}
	return fd;

err:
	close(fd);
	return rc;
}

int folders_lock(const char *control, char *why)
{
	char path[PATH_MAX], folder[PATH_MAX];
	int rc = lock_path(control, path);

	if (rc == 0)
		rc = make_folder(folder_of(control, folder), 0755);
	if (rc < 0) {
		snprintf(why, FOLDERS_WHY_MAX, "folder of the control socket %.300s: %s", control,
			 strerror(-rc));
		return rc;
	}
	rc = -EAGAIN;
	for (int i = 0; i < LOCK_TRIES && rc == -EAGAIN; i++)
		rc = try_lock(path, why);
	return rc;
}

void folders_unlock(const char *control, int fd)
{
	char path[PATH_MAX];

	if (fd < 0)
		return;
	if (lock_path(control, path) == 0)
		unlink(path); /* while it is held, see is_at */
	close(fd);
}

/* --- the control socket --------------------------------------------------------------- */

/** Only a socket is removed, never a file that somebody put there. */
static int remove_old_socket(const char *path)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode))
		return -EEXIST;
	return unlink(path) < 0 ? -errno : 0;
}

int folders_control(const char *path, const char *group, char *why)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	const struct group *readers = geteuid() == 0 ? getgrnam(group) : NULL;
	mode_t mask;
	int fd, rc = -ENAMETOOLONG;

	if (strlen(path) >= sizeof(un.sun_path))
		goto err;
	strcpy(un.sun_path, path);
	rc = remove_old_socket(path);
	if (rc)
		goto err;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	rc = -errno;
	if (fd < 0)
		goto err;
	mask = umask(0117); /* 0660 from the first moment */
	rc = bind(fd, (struct sockaddr *)&un, sizeof(un)) < 0 ? -errno : 0;
	umask(mask);
	if (!rc && readers && lchown(path, 0, readers->gr_gid) < 0)
		rc = -errno;
	if (!rc && listen(fd, CONTROL_BACKLOG) < 0)
		rc = -errno;
	if (!rc)
		return fd;
	close(fd);
err:
	snprintf(why, FOLDERS_WHY_MAX, "control socket %.300s: %s", path, strerror(-rc));
	return rc;
}

/* --- the history's folder ------------------------------------------------------------- */

struct owner {
	bool other; /* not ourselves: we are root */
	uid_t uid;
	gid_t gid, adm;
};

static int find_owner(struct owner *out, char *why)
{
	const struct passwd *pw;
	const struct group *adm;

	out->other = geteuid() == 0;
	if (!out->other)
		return 0;
	pw = getpwnam(FOLDERS_HISTORY_USER);
	if (!pw) {
		snprintf(why, FOLDERS_WHY_MAX,
			 "account " FOLDERS_HISTORY_USER " is missing: etc/users.sh makes it");
		return -ENOENT;
	}
	out->uid = pw->pw_uid;
	out->gid = pw->pw_gid;
	adm = getgrnam(FOLDERS_HISTORY_GROUP);
	out->adm = adm ? adm->gr_gid : pw->pw_gid;
	return 0;
}

/** In a child that became the account: nothing else knows of parents' modes and ACLs. */
static int can_write(const struct owner *o, const char *folder, const char *file)
{
	int status = -1;
	pid_t pid = fork();

	if (pid < 0)
		return -errno;
	if (pid == 0) {
		if (o->other && (setgroups(1, &o->adm) < 0 ||
				 setresgid(o->gid, o->gid, o->gid) < 0 ||
				 setresuid(o->uid, o->uid, o->uid) < 0))
			_exit(errno);
		if (access(folder, W_OK | X_OK) < 0)
			_exit(errno);
		if (access(file, R_OK | W_OK) < 0 && errno != ENOENT)
			_exit(errno);
		_exit(0);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -EIO;
}

/** A unit with RestrictSUIDSGID= does not let us set the bit: then root alone reads along. */
static int give_folder(int fd, const struct owner *o)
{
	if (fchmod(fd, HISTORY_FOLDER_MODE | HISTORY_SETGID) < 0 &&
	    fchmod(fd, HISTORY_FOLDER_MODE) < 0)
		return -errno;
	return fchown(fd, o->uid, o->adm) < 0 ? -errno : 0;
}

/** Owner and mode of a folder that we made, or of our own default one where it is still
 *  root's; by descriptor, so that nobody can put another in its place. */
static int own_folder(const char *path, const struct owner *o, bool made)
{
	int fd = open(path, O_DIRECTORY | O_NOFOLLOW | O_RDONLY | O_CLOEXEC);
	struct stat st;
	int rc = 0;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		rc = -errno;
	else if (st.st_uid == 0 && (made || !strcmp(path, HISTORY_FOLDER)))
		rc = give_folder(fd, o);
	close(fd);
	return rc;
}

int folders_history(const char *file, char *why)
{
	char buf[PATH_MAX];
	const char *folder = folder_of(file, buf);
	struct owner o = { 0 };
	int made, rc = find_owner(&o, why);

	if (rc)
		return rc;
	made = make_folder(folder, HISTORY_FOLDER_MODE);
	rc = MIN(made, 0);
	if (!rc && o.other && (made || !strcmp(folder, HISTORY_FOLDER)))
		rc = own_folder(folder, &o, made);
	if (!rc)
		rc = can_write(&o, folder, file);
	if (rc == -EACCES || rc == -EPERM)
		snprintf(why, FOLDERS_WHY_MAX,
			 "history: %s cannot write %.300s: give it the folder (chown), or name "
			 "another file in `history { file }`",
			 o.other ? "account " FOLDERS_HISTORY_USER : "this user", file);
	else if (rc)
		snprintf(why, FOLDERS_WHY_MAX, "history: folder %.300s: %s", folder,
			 strerror(-rc));
	return rc;
}
