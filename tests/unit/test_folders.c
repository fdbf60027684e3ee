/* folders: the lock, the control socket, and whose the history's folder is. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/folders.h"
#include "lib/util.h"

struct bench {
	char dir[64];
	char why[FOLDERS_WHY_MAX];
};

static int setup(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));

	assert_non_null(b);
	strcpy(b->dir, "/tmp/nameward-test-XXXXXX");
	assert_non_null(mkdtemp(b->dir));
	assert_int_equal(chmod(b->dir, 0755), 0);
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	struct bench *b = *state;
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", b->dir);
	free(b);
	return system(command);
}

static char *at(const struct bench *b, const char *name, char *buf)
{
	snprintf(buf, 256, "%s/%s", b->dir, name);
	return buf;
}

static void lock_keeps_a_second_one_out_until_released(void **state)
{
	struct bench *b = *state;
	char control[256], lock[300];
	int fd = folders_lock(at(b, "run/deep/ctl", control), b->why), second;

	assert_true(fd >= 0);
	snprintf(lock, sizeof(lock), "%s.lock", control);
	assert_int_equal(folders_lock(control, b->why), -EBUSY);
	assert_non_null(strstr(b->why, "running already (pid "));
	folders_unlock(control, fd);
	assert_int_equal(access(lock, F_OK), -1);
	second = folders_lock(control, b->why);
	assert_true(second >= 0);
	folders_unlock(control, second);
}

static void lock_left_by_a_dead_one_is_taken(void **state)
{
	struct bench *b = *state;
	char control[256];
	int status, fd;
	pid_t pid = fork();

	at(b, "ctl", control);
	if (pid == 0)
		_exit(folders_lock(control, b->why) >= 0 ? 0 : 1); /* not released */
	waitpid(pid, &status, 0);
	assert_int_equal(status, 0);
	fd = folders_lock(control, b->why);
	assert_true(fd >= 0);
	folders_unlock(control, fd);
}

static void link_in_the_lock_s_place_is_not_followed(void **state)
{
	struct bench *b = *state;
	char control[256], victim[256], lock[300];

	at(b, "victim", victim);
	at(b, "ctl", control);
	snprintf(lock, sizeof(lock), "%s.lock", control);
	assert_int_equal(symlink(victim, lock), 0);
	assert_int_equal(folders_lock(control, b->why), -ELOOP);
	assert_int_equal(access(victim, F_OK), -1);
}

static void control_socket_replaces_an_old_one_but_no_file(void **state)
{
	struct bench *b = *state;
	char path[256];
	struct stat st;
	int first, second, fd;

	at(b, "ctl", path);
	first = folders_control(path, "adm", b->why);
	assert_true(first >= 0);
	assert_int_equal(lstat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0660);
	if (geteuid() == 0 && getgrnam("adm"))
		assert_int_equal(st.st_gid, getgrnam("adm")->gr_gid);
	second = folders_control(path, "no-such-group", b->why);
	assert_true(second >= 0);
	assert_int_equal(lstat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0660);
	assert_int_equal(st.st_gid, getegid());
	close(first);
	close(second);
	at(b, "file", path);
	fd = open(path, O_CREAT | O_WRONLY, 0600);
	close(fd);
	assert_int_equal(folders_control(path, "adm", b->why), -EEXIST);
	assert_int_equal(access(path, F_OK), 0);
}

static void path_longer_than_a_socket_may_have_is_refused(void **state)
{
	struct bench *b = *state;
	char path[256];

	memset(path, 'x', sizeof(path));
	path[0] = '/';
	path[150] = '\0';
	assert_int_equal(folders_control(path, "adm", b->why), -ENAMETOOLONG);
}

static void history_folder_is_made_for_its_account(void **state)
{
	struct bench *b = *state;
	const struct passwd *pw = getpwnam(FOLDERS_HISTORY_USER);
	char file[256], folder[256];
	struct stat st;

	if (geteuid() == 0 && !pw)
		skip();
	at(b, "a/b/history.db", file);
	assert_int_equal(folders_history(file, b->why), 0);
	assert_int_equal(stat(at(b, "a/b", folder), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0751);
	if (geteuid() != 0)
		return;
	assert_int_equal(st.st_uid, pw->pw_uid);
	assert_int_equal(st.st_gid, getgrnam(FOLDERS_HISTORY_GROUP)->gr_gid);
	/* only the last one: those above are root's, as any folder made on the way */
	assert_int_equal(stat(at(b, "a", folder), &st), 0);
	assert_int_equal(st.st_uid, 0);
}

static void folder_of_somebody_else_is_left_as_it_is(void **state)
{
	struct bench *b = *state;
	char file[256], folder[256];
	struct stat before, after;

	if (geteuid() == 0 && !getpwnam(FOLDERS_HISTORY_USER))
		skip();
	at(b, "mine", folder);
	assert_int_equal(mkdir(folder, 0500), 0);
	assert_int_equal(stat(folder, &before), 0);
	assert_int_equal(folders_history(at(b, "mine/history.db", file), b->why), -EACCES);
	assert_non_null(strstr(b->why, "cannot write"));
	assert_int_equal(stat(folder, &after), 0);
	assert_int_equal(after.st_uid, before.st_uid);
	assert_int_equal(after.st_mode, before.st_mode);
}

static void file_of_somebody_else_is_noticed(void **state)
{
	struct bench *b = *state;
	char file[256], folder[256];
	int fd;

	if (geteuid() != 0 || !getpwnam(FOLDERS_HISTORY_USER))
		skip();
	assert_int_equal(mkdir(at(b, "open", folder), 0777), 0);
	assert_int_equal(chmod(folder, 0777), 0);
	at(b, "open/history.db", file);
	assert_int_equal(folders_history(file, b->why), 0);
	fd = open(file, O_CREAT | O_WRONLY, 0600);
	close(fd);
	assert_int_equal(folders_history(file, b->why), -EACCES);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(lock_keeps_a_second_one_out_until_released),
		TEST(lock_left_by_a_dead_one_is_taken),
		TEST(link_in_the_lock_s_place_is_not_followed),
		TEST(control_socket_replaces_an_old_one_but_no_file),
		TEST(path_longer_than_a_socket_may_have_is_refused),
		TEST(history_folder_is_made_for_its_account),
		TEST(folder_of_somebody_else_is_left_as_it_is),
		TEST(file_of_somebody_else_is_noticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
